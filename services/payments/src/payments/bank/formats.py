"""The formats a bank may take, by the name that the setting and the signed batch carry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from payments.bank import iso20022, plain_csv
from payments.bank.port import BankDay, Line, NoAnswer, Unreadable
from payments.domain.instruction import PaymentOrder

ISO20022, CSV = "iso20022", "csv"
TEXT_LENGTH_MAX = 70
FEN_MAX = 10**15
"""Ten trillion yuan: no amount of an account."""


@dataclass(frozen=True)
class Format:
    """How a bank's documents are written and read.

    Reading a message or a day raises Unreadable, whatever is wrong with the document; reading a receipt NoAnswer.
    """

    media_type: str
    encoding: str
    written: Callable[[PaymentOrder], bytes]
    read_receipt: Callable[[bytes], str]
    read_message: Callable[[str, bytes], tuple[Line, ...]]
    read_day: Callable[[bytes], BankDay]


def _message_of(read: Callable[[str, bytes], tuple[Line, ...]]) -> Callable[[str, bytes], tuple[Line, ...]]:
    def reading(kind: str, document: bytes) -> tuple[Line, ...]:
        try:
            lines = read(kind, document)
            for one in lines:
                _check(one.amount_fen, one.end_to_end_id, one.reason, one.reference)
                if one.booked_on:
                    date.fromisoformat(one.booked_on)
        except ILL_FORMED as error:
            raise _unreadable(error, document) from None
        return lines

    return reading


def _day_of(read: Callable[[bytes], BankDay]) -> Callable[[bytes], BankDay]:
    def reading(document: bytes) -> BankDay:
        try:
            told = read(document)
            date.fromisoformat(told.day)
            for one in told.entries:
                _check(one.amount_fen, one.end_to_end_id, one.reason, one.reference)
        except ILL_FORMED as error:
            raise _unreadable(error, document) from None
        return told

    return reading


ILL_FORMED = (NoAnswer, ValueError, LookupError, TypeError, ArithmeticError, SyntaxError)
"""What reading raises over a document that is not as agreed; a parser's own error is a SyntaxError."""


def _unreadable(error: Exception, document: bytes) -> Unreadable:
    """Another's error may quote the document; only our own sentence is passed on."""
    return Unreadable(str(error) if isinstance(error, NoAnswer) else "The bank's document cannot be read.", document)


def _check(fen: int, *texts: str) -> None:
    """What would not fit into an event or a row. Raises NoAnswer."""
    if abs(fen) > FEN_MAX or any(len(text) > TEXT_LENGTH_MAX or "\0" in text for text in texts):
        raise NoAnswer("The bank's document holds something that is longer or larger than any bank's.")


FORMATS = {
    ISO20022: Format(
        media_type=iso20022.MEDIA_TYPE,
        encoding="utf-8",
        written=iso20022.written,
        read_receipt=iso20022.read_receipt,
        read_message=_message_of(iso20022.read_message),
        read_day=_day_of(iso20022.read_day),
    ),
    CSV: Format(
        media_type=plain_csv.MEDIA_TYPE,
        encoding=plain_csv.ENCODING,
        written=plain_csv.written,
        read_receipt=plain_csv.read_receipt,
        read_message=_message_of(plain_csv.read_message),
        read_day=_day_of(plain_csv.read_day),
    ),
}
