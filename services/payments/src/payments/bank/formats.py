"""The formats a bank may take, by the name that the setting and the signed batch carry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from payments.bank import iso20022, plain_csv
from payments.bank.port import BankDay, Line
from payments.domain.instruction import PaymentOrder

ISO20022, CSV = "iso20022", "csv"


@dataclass(frozen=True)
class Format:
    """How a bank's documents are written and read. Reading raises NoAnswer for what cannot be read."""

    media_type: str
    encoding: str
    written: Callable[[PaymentOrder], bytes]
    read_receipt: Callable[[bytes], str]
    read_message: Callable[[str, bytes], tuple[Line, ...]]
    read_day: Callable[[bytes], BankDay]


FORMATS = {
    ISO20022: Format(
        media_type=iso20022.MEDIA_TYPE,
        encoding="utf-8",
        written=iso20022.written,
        read_receipt=iso20022.read_receipt,
        read_message=iso20022.read_message,
        read_day=iso20022.read_day,
    ),
    CSV: Format(
        media_type=plain_csv.MEDIA_TYPE,
        encoding=plain_csv.ENCODING,
        written=plain_csv.written,
        read_receipt=plain_csv.read_receipt,
        read_message=plain_csv.read_message,
        read_day=plain_csv.read_day,
    ),
}
