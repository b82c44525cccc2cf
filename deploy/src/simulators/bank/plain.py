"""The bank's plain CSV, for a bank without ISO 20022: GB18030, a header with count and control total, two decimals."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from simulators.bank.book import Day, Line, Payment, Told
from simulators.bank.documents import ACCOUNT, Order, Unreadable, fen_of, proven, yuan

ENCODING = "gb18030"
ORDER_COLUMNS = 11
RESULT_HEADER = ("序号", "端到端标识", "结果", "原因", "银行流水号", "金额", "记账日期")
DAY_HEADER = ("账号", "日期", "期初余额", "期末余额", "笔数")
RECEIPT_HEADER = ("批次号", "银行受理号")
REFUSAL_HEADER = ("批次号", "拒收原因")


class PlainCsv:
    """The bank's CSV dialect. 冲账 stands in it as a negative amount."""

    media_type = "text/csv"

    def order(self, document: bytes) -> Order:
        """Read a batch: a header pair, then a line a payment. Raises Unreadable."""
        try:
            rows = list(csv.reader(io.StringIO(document.decode(ENCODING)), strict=True))
        except (UnicodeDecodeError, csv.Error):
            raise Unreadable("The file is no CSV in GB18030.") from None
        if len(rows) < 3 or len(rows[1]) < 5 or any(len(row) != ORDER_COLUMNS for row in rows[3:]):
            raise Unreadable("The file has not the agreed columns.")
        payments = [Payment(row[1], fen_of(row[8]), row[5]) for row in rows[3:]]
        return proven(rows[1][0], payments, rows[1][3], rows[1][4])

    def receipt(self, batch_id: str, reference: str, now: str) -> bytes:
        """The batch's id and the bank's number for it."""
        del now
        return _written([RECEIPT_HEADER, (batch_id, reference)])

    def refusal(self, batch_id: str, reason: str, now: str) -> bytes:
        """The batch's id and why nothing of it is taken."""
        del now
        return _written([REFUSAL_HEADER, (batch_id, reason)])

    def message(self, told: Told, now: str) -> tuple[str, bytes]:
        """A line for each result."""
        del now
        return "csv", _written([RESULT_HEADER, *_results(told.lines)])

    def day(self, day: Day, now: str) -> bytes:
        """Balances, then a line for each entry."""
        del now
        balances = (ACCOUNT, day.day, yuan(day.opening_fen), yuan(day.closing_fen), str(len(day.lines)))
        return _written([DAY_HEADER, balances, RESULT_HEADER, *_results(day.lines)])


def _results(lines: Iterable[Line]) -> list[Sequence[str]]:
    return [
        (
            str(line.number),
            line.end_to_end_id,
            "BOOKED" if line.outcome == "REVERSED" else line.outcome,
            line.reason,
            line.reference,
            yuan(-line.amount_fen if line.outcome == "REVERSED" else line.amount_fen),
            line.booked_on,
        )
        for line in lines
    ]


def _written(rows: list[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode(ENCODING)
