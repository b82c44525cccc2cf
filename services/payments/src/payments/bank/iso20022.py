"""ISO 20022: writes pain.001.001.09, reads pain.002 and camt.053 of any version. No document type is ever read."""

from __future__ import annotations

from collections.abc import Iterator
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
KINDS = {
    ("DBIT", False): "paid",
    ("CRDT", True): "reversed",
    ("CRDT", False): "received",
    ("DBIT", True): "charged",
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
    """A day's camt.053: its opening and closing booked balance, and every entry. Raises NoAnswer."""
    root = _root(document, "BkToCstmrStmt")
    balances = {_needed(one, "Tp/CdOrPrtry/Cd"): one for one in root.iterfind("{*}Stmt/{*}Bal")}
    if not {"OPBD", "CLBD"} <= balances.keys():
        raise NoAnswer("The statement names no opening and closing balance.")
    return BankDay(
        day=_needed(balances["CLBD"], "Dt/Dt"),
        opening_fen=_signed(balances["OPBD"]),
        closing_fen=_signed(balances["CLBD"]),
        entries=tuple(_entry(entry, details) for entry, details in _details(root)),
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


def _details(statement: ET.Element) -> Iterator[tuple[ET.Element, ET.Element | None]]:
    for entry in statement.iterfind("{*}Stmt/{*}Ntry"):
        yield entry, entry.find("{*}NtryDtls/{*}TxDtls")


def _lines(statement: ET.Element) -> Iterator[Line]:
    for entry, details in _details(statement):
        read = _entry(entry, details)
        if read.kind in OUTCOMES:
            yield Line(
                end_to_end_id=read.end_to_end_id,
                outcome=OUTCOMES[read.kind],
                reason=read.reason,
                reference=read.reference,
                amount_fen=abs(read.amount_fen),
                booked_on=_needed(entry, "BookgDt/Dt"),
            )


def _entry(entry: ET.Element, details: ET.Element | None) -> BankEntry:
    reversal = _text(entry, "RvslInd") in {"true", "1"}
    kind = KINDS.get((_needed(entry, "CdtDbtInd"), reversal), "charged")
    reason = ""
    if details is not None and details.find("{*}RtrInf") is not None:
        kind, reason = "returned", _reason(details, "RtrInf")
    elif kind == "reversed":
        reason = "REVERSED_BY_BANK"
    end_to_end = "" if details is None else _text(details, "Refs/EndToEndId")
    if kind == "paid" and not end_to_end:
        kind = "charged"
    reference = _text(entry, "AcctSvcrRef")
    return BankEntry(
        entry_no=int(_needed(entry, "NtryRef")),
        end_to_end_id=end_to_end or reference,
        kind=kind,
        amount_fen=_signed(entry),
        reference=reference,
        reason=reason,
    )


def _signed(amount: ET.Element) -> int:
    fen = fen_of(_needed(amount, "Amt"))
    return fen if _needed(amount, "CdtDbtInd") == "CRDT" else -fen
