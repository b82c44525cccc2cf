"""ISO 20022: writes pain.001.001.09, reads pain.002 and camt.053 of any version. No document type is ever read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree as ET
from xml.parsers import expat

from contracts.payments.bank import BankEntry
from payments.bank.port import BankDay, BatchRefused, Line, NoAnswer
from payments.domain.instruction import PURPOSE, CreditTransfer, PaymentOrder, yuan_text
from payments.domain.reasons import reason_of

MEDIA_TYPE = "application/xml"
PAIN_001 = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
REPORT, STATEMENT = "pain.002", "camt.053"
CURRENCY = "CNY"
CNAPS = "CNAPS"
NAME_LENGTH_MAX = 140
DOCUMENT_BYTES_MAX = 16 * 1024 * 1024
ISO_DATE_LENGTH = 10
CREDIT, DEBIT = "CRDT", "DBIT"
KINDS = {
    (DEBIT, False): "paid",
    (CREDIT, True): "reversed",
    (CREDIT, False): "received",
    (DEBIT, True): "charged",
}
"""What an entry is, by its direction and RvslInd; one that comes in with a return reason is `returned`."""
OUTCOMES = {"paid": "BOOKED", "returned": "RETURNED", "reversed": "REVERSED"}


def written(order: PaymentOrder) -> bytes:
    """The pain.001.001.09 of a batch: one payment information, control totals on both levels."""
    document = ET.Element("Document", {"xmlns": PAIN_001})
    initiation = ET.SubElement(document, "CstmrCdtTrfInitn")
    count, total = str(len(order.transfers)), yuan_text(order.total_fen)
    header = ET.SubElement(initiation, "GrpHdr")
    _leaf(header, "MsgId", order.message_id)
    _leaf(header, "CreDtTm", order.made_at)
    _leaf(header, "NbOfTxs", count)
    _leaf(header, "CtrlSum", total)
    _leaf(header, "InitgPty/Nm", order.debtor_name)
    info = ET.SubElement(initiation, "PmtInf")
    _leaf(info, "PmtInfId", order.file_no)
    _leaf(info, "PmtMtd", "TRF")
    _leaf(info, "BtchBookg", "false")
    _leaf(info, "NbOfTxs", count)
    _leaf(info, "CtrlSum", total)
    _leaf(info, "ReqdExctnDt/Dt", order.requested_on)
    _leaf(info, "Dbtr/Nm", order.debtor_name)
    _leaf(info, "DbtrAcct/Id/Othr/Id", order.debtor_account)
    _leaf(info, "DbtrAgt/FinInstnId/Nm", order.debtor_bank)
    for serial, transfer in enumerate(order.transfers, start=1):
        _write_transfer(ET.SubElement(info, "CdtTrfTxInf"), serial, transfer)
    file: bytes = ET.tostring(document, encoding="utf-8", xml_declaration=True)
    return file


def read_receipt(document: bytes) -> str:
    """The bank's reference for an accepted batch. Raises NoAnswer, BatchRefused."""
    report = _root(document, "CstmrPmtStsRpt")
    if _text(report, "OrgnlGrpInfAndSts/GrpSts") == "RJCT":
        why = "OrgnlGrpInfAndSts/StsRsnInf/Rsn"
        raise BatchRefused(_text(report, f"{why}/Cd") or _text(report, f"{why}/Prtry"))
    return _needed(report, "GrpHdr/MsgId")


def read_message(kind: str, document: bytes) -> tuple[Line, ...]:
    """The lines of a pain.002 or a camt.053 that say what became of an order. Raises NoAnswer."""
    if kind == REPORT:
        root = _root(document, "CstmrPmtStsRpt")
        return tuple(_refused(one) for one in root.iterfind("{*}OrgnlPmtInfAndSts/{*}TxInfAndSts") if _refuses(one))
    if kind == STATEMENT:
        return tuple(_lines(_root(document, "BkToCstmrStmt")))
    raise NoAnswer("The bank's message is of an unknown kind.")


def read_day(document: bytes) -> BankDay:
    """A day's camt.053: its opening and closing booked balance, and every entry. Raises NoAnswer.

    An entry is known by its place in the day: NtryRef is optional, any text, and may be another day's as well.
    """
    root = _root(document, "BkToCstmrStmt")
    if len(root.findall("{*}Stmt")) != 1:
        raise NoAnswer("A day has one statement.")
    balances = {_needed(one, "Tp/CdOrPrtry/Cd"): one for one in root.iterfind("{*}Stmt/{*}Bal")}
    if not {"OPBD", "CLBD"} <= balances.keys():
        raise NoAnswer("The statement names no opening and closing balance.")
    return BankDay(
        day=_day(balances["CLBD"], "Dt"),
        opening_fen=_signed(balances["OPBD"]),
        closing_fen=_signed(balances["CLBD"]),
        entries=tuple(_entry(number, part) for number, part in enumerate(_parts(root), start=1)),
    )


def fen_of(text: str) -> int:
    """A decimal amount in fen; more than two decimals are no amount. Raises NoAnswer."""
    sign, digits = (-1, text.strip()[1:]) if text.strip().startswith("-") else (1, text.strip())
    yuan, _, cents = digits.partition(".")
    cents = cents.rstrip("0")
    if not (yuan.isascii() and yuan.isdigit() and len(cents) <= 2 and (not cents or cents.isdigit())):
        raise NoAnswer("The bank's amount cannot be read.")
    return sign * (int(yuan) * 100 + int(cents.ljust(2, "0") or "0"))


def _write_transfer(one: ET.Element, serial: int, transfer: CreditTransfer) -> None:
    _leaf(one, "PmtId/InstrId", str(serial))
    _leaf(one[-1], "EndToEndId", transfer.end_to_end_id)
    ET.SubElement(ET.SubElement(one, "Amt"), "InstdAmt", {"Ccy": CURRENCY}).text = yuan_text(transfer.amount_fen)
    if transfer.cnaps or transfer.bank_name:
        agent = ET.SubElement(ET.SubElement(one, "CdtrAgt"), "FinInstnId")
        if transfer.cnaps:
            member = ET.SubElement(agent, "ClrSysMmbId")
            _leaf(member, "ClrSysId/Prtry", CNAPS)
            _leaf(member, "MmbId", transfer.cnaps)
        if transfer.bank_name:
            _leaf(agent, "Nm", transfer.bank_name[:NAME_LENGTH_MAX])
    _leaf(one, "Cdtr/Nm", transfer.account_name[:NAME_LENGTH_MAX])
    _leaf(one, "CdtrAcct/Id/Othr/Id", transfer.card_no)
    _leaf(one, "Purp/Prtry", PURPOSE)
    _leaf(one, "RmtInf/Ustrd", f"{PURPOSE} {transfer.claim_no}".strip())


def _leaf(parent: ET.Element, path: str, text: str) -> None:
    for tag in path.split("/"):
        parent = ET.SubElement(parent, tag)
    parent.text = text


def _root(document: bytes, name: str) -> ET.Element:
    """The message inside a document. Raises NoAnswer for what is too large, has a document type or is no such thing."""
    if len(document) > DOCUMENT_BYTES_MAX:
        raise NoAnswer("The bank's document is too large.")
    _refuse_doctype(document)
    found = ET.fromstring(document).find(f"{{*}}{name}")  # noqa: S314  a document type was refused above
    if found is None:
        raise NoAnswer("The bank's document is another than was asked for.")
    return found


def _refuse_doctype(document: bytes) -> None:
    """Entities that grow or fetch need a document type; a bank sends none. Raises NoAnswer."""

    def refuse(*_: object) -> None:
        raise NoAnswer("The bank's document has a document type.")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(document, True)  # noqa: FBT003  the parser's own signature
    except expat.ExpatError:
        raise NoAnswer("The bank's document cannot be read.") from None


def _text(within: ET.Element, path: str) -> str:
    return within.findtext("/".join(f"{{*}}{tag}" for tag in path.split("/")), "").strip()


def _needed(within: ET.Element, path: str) -> str:
    found = _text(within, path)
    if not found:
        raise NoAnswer("The bank's document lacks something.")
    return found


def _refuses(transaction: ET.Element) -> bool:
    return _text(transaction, "TxSts") == "RJCT"


def _reason(within: ET.Element, path: str) -> str:
    return reason_of(_text(within, f"{path}/Rsn/Cd") or _text(within, f"{path}/Rsn/Prtry"))


def _refused(transaction: ET.Element) -> Line:
    return Line(
        end_to_end_id=_needed(transaction, "OrgnlEndToEndId"),
        outcome="REJECTED",
        reason=_reason(transaction, "StsRsnInf"),
        reference=_text(transaction, "AcctSvcrRef"),
        amount_fen=fen_of(_needed(transaction, "OrgnlTxRef/Amt/InstdAmt")),
        booked_on=_text(transaction, "OrgnlTxRef/ReqdExctnDt/Dt"),
    )


def _day(within: ET.Element, path: str) -> str:
    return _text(within, f"{path}/Dt") or _needed(within, f"{path}/DtTm")[:ISO_DATE_LENGTH]


@dataclass(frozen=True)
class _Part:
    """An entry, or one of several payments that it books together; `fen` as it changes the balance."""

    entry: ET.Element
    details: ET.Element | None
    fen: int


def _parts(statement: ET.Element) -> Iterator[_Part]:
    for entry in statement.iterfind("{*}Stmt/{*}Ntry"):
        several = entry.findall("{*}NtryDtls/{*}TxDtls")
        if len(several) <= 1:
            yield _Part(entry, several[0] if several else None, _signed(entry))
            continue
        parts = [_Part(entry, details, _share(entry, details)) for details in several]
        if sum(part.fen for part in parts) != _signed(entry):
            raise NoAnswer("The payments of an entry do not add up to it.")
        yield from parts


def _share(entry: ET.Element, details: ET.Element) -> int:
    """What one payment of an entry does to the balance: in its own direction, where it names one."""
    fen = fen_of(_text(details, "Amt") or _needed(details, "AmtDtls/TxAmt/Amt"))
    return fen if (_text(details, "CdtDbtInd") or _needed(entry, "CdtDbtInd")) == CREDIT else -fen


def _lines(statement: ET.Element) -> Iterator[Line]:
    for number, part in enumerate(_parts(statement), start=1):
        read = _entry(number, part)
        if read.kind in OUTCOMES:
            yield Line(
                end_to_end_id=read.end_to_end_id,
                outcome=OUTCOMES[read.kind],
                reason=read.reason,
                reference=read.reference,
                amount_fen=abs(read.amount_fen),
                booked_on=_day(part.entry, "BookgDt"),
            )


def _entry(number: int, part: _Part) -> BankEntry:
    entry, details = part.entry, part.details
    reversal = _text(entry, "RvslInd") in {"true", "1"}
    direction = CREDIT if part.fen > 0 else DEBIT if part.fen < 0 else _needed(entry, "CdtDbtInd")
    kind = KINDS.get((direction, reversal), "charged")
    reason = ""
    if details is not None and details.find("{*}RtrInf") is not None:
        kind, reason = "returned", _reason(details, "RtrInf")
    elif kind == "reversed":
        reason = "REVERSED_BY_BANK"
    end_to_end = "" if details is None else _text(details, "Refs/EndToEndId")
    if kind == "paid" and not end_to_end:
        kind = "charged"
    own = "" if details is None else _text(details, "Refs/AcctSvcrRef")
    reference = own or _text(entry, "AcctSvcrRef")
    return BankEntry(
        entry_no=number,
        end_to_end_id=end_to_end or reference,
        kind=kind,
        amount_fen=part.fen,
        reference=reference,
        reason=reason,
    )


def _signed(amount: ET.Element) -> int:
    fen = fen_of(_needed(amount, "Amt"))
    return fen if _needed(amount, "CdtDbtInd") == CREDIT else -fen
