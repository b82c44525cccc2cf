"""Plain CSV for a bank without ISO 20022 (domain 7.1): GB18030, count and control total in the header, two decimals."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from contracts.payments.bank import BankEntry
from payments.bank.iso20022 import fen_of
from payments.bank.port import BankDay, BatchRefused, Line, NoAnswer
from payments.domain.instruction import PURPOSE, PaymentOrder, yuan_text
from payments.domain.reasons import reason_of

MEDIA_TYPE = "text/csv"
ENCODING = "gb18030"
HEADER = ("批次号", "文件号", "付款账号", "笔数", "总金额", "币种", "用途", "制单日期")
COLUMNS = (
    "序号", "端到端标识", "申领编号", "收款人户名", "证件号码", "收款账号", "开户行", "行号", "金额", "用途", "手机号",
)  # fmt: skip
"""Of a payment; payments holds neither ID number nor mobile, so both stay empty (domain 7.1: if not needed)."""
REFUSAL = "拒收原因"
"""The column of a receipt that says why the whole file was not taken."""
RESULT_COLUMNS = 7
DAY_COLUMNS = 5
KINDS = {"BOOKED": "paid", "RETURNED": "returned", "RECEIVED": "received", "CHARGED": "charged"}


def written(order: PaymentOrder) -> bytes:
    """The file of a batch: a header pair, then a line for each payment."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\r\n")
    total = yuan_text(order.total_fen)
    lines.writerow(HEADER)
    lines.writerow(
        (
            order.message_id, order.file_no, order.debtor_account, len(order.transfers), total, "CNY", PURPOSE,
            order.requested_on,
        )
    )  # fmt: skip
    lines.writerow(COLUMNS)
    for serial, one in enumerate(order.transfers, start=1):
        lines.writerow(
            (
                serial, one.end_to_end_id, one.claim_no, one.account_name, "", one.card_no, one.bank_name, one.cnaps,
                yuan_text(one.amount_fen), PURPOSE, "",
            )
        )  # fmt: skip
    return text.getvalue().encode(ENCODING)


def read_receipt(document: bytes) -> str:
    """The bank's number for a batch. Raises NoAnswer, BatchRefused."""
    (row, *_) = _rows(document, 2)
    if _read(document)[0][1:] == [REFUSAL]:
        raise BatchRefused(row[1])
    return row[1]


def read_message(kind: str, document: bytes) -> tuple[Line, ...]:
    """The lines of a result file. Raises NoAnswer."""
    if kind != "csv":
        raise NoAnswer("The bank's message is of an unknown kind.")
    return tuple(_line(row) for row in _rows(document, RESULT_COLUMNS))


def read_day(document: bytes) -> BankDay:
    """A day's statement: the balances, then every entry. Raises NoAnswer."""
    rows = _read(document)
    if len(rows) < 3 or len(rows[1]) != DAY_COLUMNS or rows[1][4] != str(len(rows) - 3):
        raise NoAnswer("The bank's statement cannot be read.")
    _, day, opening, closing, _ = rows[1]
    entries = tuple(_entry(number, row) for number, row in enumerate(rows[3:], start=1))
    return BankDay(day, fen_of(opening), fen_of(closing), entries)


def _line(row: Sequence[str]) -> Line:
    _, end_to_end_id, outcome, reason, reference, amount, booked_on = row
    if outcome not in {"BOOKED", "RETURNED", "REJECTED"}:
        raise NoAnswer("The bank's result is of an unknown kind.")
    fen = fen_of(amount)
    if outcome == "BOOKED" and fen < 0:
        outcome, reason = "REVERSED", "REVERSED_BY_BANK"
    return Line(end_to_end_id, outcome, reason_of(reason) if reason else "", reference, abs(fen), booked_on)


def _entry(number: int, row: Sequence[str]) -> BankEntry:
    """冲账 stands in the file as a negative payment; an entry is known by its place in the day."""
    _, end_to_end_id, outcome, reason, reference, amount, _ = row
    fen = fen_of(amount)
    if outcome not in KINDS:
        raise NoAnswer("The bank's entry is of an unknown kind.")
    kind = "reversed" if outcome == "BOOKED" and fen < 0 else KINDS[outcome]
    outward = outcome in {"BOOKED", "CHARGED"}
    return BankEntry(
        entry_no=number,
        end_to_end_id=end_to_end_id,
        kind=kind,
        amount_fen=-fen if outward else fen,
        reference=reference,
        reason="REVERSED_BY_BANK" if kind == "reversed" else reason_of(reason) if reason else "",
    )


def _rows(document: bytes, columns: int) -> list[list[str]]:
    rows = _read(document)[1:]
    if any(len(row) != columns for row in rows) or (columns == 2 and not rows):
        raise NoAnswer("The bank's file has not the agreed columns.")
    return rows


def _read(document: bytes) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO(document.decode(ENCODING)), strict=True))
    except (UnicodeDecodeError, csv.Error):
        raise NoAnswer("The bank's file cannot be read.") from None
