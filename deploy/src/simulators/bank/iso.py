"""The bank's ISO 20022: reads pain.001.001.09, answers with pain.002.001.12 and camt.053.001.08."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree as ET
from xml.parsers import expat

from simulators.bank.book import STATUS, Day, Line, Payment, Told
from simulators.bank.documents import ACCOUNT, Order, Unreadable, fen_of, proven, yuan

PAIN_001 = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
PAIN_002 = "urn:iso:std:iso:20022:tech:xsd:pain.002.001.12"
CAMT_053 = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
CODES = {
    "NAME_MISMATCH": "BE01",
    "ACCOUNT_NOT_FOUND": "AC01",
    "ACCOUNT_CLOSED": "AC07",
    "ACCOUNT_FROZEN": "AC06",
    "LIMIT": "AM02",
    "BANK_INFO": "RC01",
    "BANK_SYSTEM": "ED05",
}
"""ISO's external reason codes; what has none (a sleeping account) is told in the bank's own words."""
CREDITS = frozenset({"RETURNED", "REVERSED", "RECEIVED"})


class Iso20022:
    """The bank's XML dialect."""

    media_type = "application/xml"

    def order(self, document: bytes) -> Order:
        """Read a pain.001. Raises Unreadable."""
        _no_doctype(document)
        try:
            root = ET.fromstring(document)  # noqa: S314  a document type was refused above
        except ET.ParseError:
            raise Unreadable("The document is not XML.") from None
        ns = {"p": PAIN_001}
        initiation = root.find("p:CstmrCdtTrfInitn", ns)
        if initiation is None:
            raise Unreadable("The document is no pain.001.001.09.")
        payments = [_payment(one, ns) for one in initiation.iterfind("p:PmtInf/p:CdtTrfTxInf", ns)]
        batch_id = _text(initiation, "p:GrpHdr/p:MsgId", ns)
        for level in ("p:GrpHdr", "p:PmtInf"):
            count, total = _text(initiation, f"{level}/p:NbOfTxs", ns), _text(initiation, f"{level}/p:CtrlSum", ns)
            order = proven(batch_id, payments, count, total)
        return order

    def receipt(self, batch_id: str, reference: str, now: str) -> bytes:
        """A pain.002: the whole batch is accepted for processing."""
        document, report = _report(reference, batch_id, now)
        _leaf(report[1], "GrpSts", "ACCP")
        return _bytes(document)

    def refusal(self, batch_id: str, reason: str, now: str) -> bytes:
        """A pain.002: the whole batch is rejected."""
        document, report = _report(f"NO-{batch_id[:16]}", batch_id, now)
        _leaf(report[1], "GrpSts", "RJCT")
        _leaf(ET.SubElement(ET.SubElement(report[1], "StsRsnInf"), "Rsn"), "Prtry", reason)
        return _bytes(document)

    def message(self, told: Told, now: str) -> tuple[str, bytes]:
        """Refused payments are a pain.002, entries a page of the account's camt.053."""
        if told.kind != STATUS:
            return "camt.053", _statement(f"PAGE-{told.number}", now, told.lines, page=str(told.number or 1))
        document, report = _report(f"MSG-{told.number}", told.batch_id, now)
        info = ET.SubElement(report, "OrgnlPmtInfAndSts")
        _leaf(info, "OrgnlPmtInfId", told.batch_id)
        for line in told.lines:
            _status(info, line)
        return "pain.002", _bytes(document)

    def day(self, day: Day, now: str) -> bytes:
        """The camt.053 of a day, with its balances."""
        return _statement(
            f"{ACCOUNT}-{day.day}", now, day.lines, balances=(("OPBD", day.opening_fen), ("CLBD", day.closing_fen)),
            on=day.day,
        )  # fmt: skip


def _payment(transfer: ET.Element, ns: dict[str, str]) -> Payment:
    amount = transfer.find("p:Amt/p:InstdAmt", ns)
    if amount is None or amount.get("Ccy") != "CNY":
        raise Unreadable("A payment has an amount in CNY.")
    card_no = _text(transfer, "p:CdtrAcct/p:Id/p:Othr/p:Id", ns)
    _text(transfer, "p:Cdtr/p:Nm", ns)
    return Payment(_text(transfer, "p:PmtId/p:EndToEndId", ns), fen_of(amount.text or ""), card_no)


def _text(within: ET.Element, path: str, ns: dict[str, str]) -> str:
    found = within.findtext(path, "", ns).strip()
    if not found:
        raise Unreadable(f"{path.rpartition(':')[2]} is missing.")
    return found


def _no_doctype(document: bytes) -> None:
    """No document type means no entity that could grow or fetch. Raises Unreadable."""
    parser = expat.ParserCreate()

    def refuse(*_: object) -> None:
        raise Unreadable("A document type is not taken.")

    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(document, True)  # noqa: FBT003  the parser's own signature
    except expat.ExpatError:
        raise Unreadable("The document is not XML.") from None


def _report(message_id: str, batch_id: str, now: str) -> tuple[ET.Element, ET.Element]:
    document = ET.Element("Document", {"xmlns": PAIN_002})
    report = ET.SubElement(document, "CstmrPmtStsRpt")
    header = ET.SubElement(report, "GrpHdr")
    _leaf(header, "MsgId", message_id)
    _leaf(header, "CreDtTm", now)
    original = ET.SubElement(report, "OrgnlGrpInfAndSts")
    _leaf(original, "OrgnlMsgId", batch_id)
    _leaf(original, "OrgnlMsgNmId", "pain.001.001.09")
    return document, report


def _status(info: ET.Element, line: Line) -> None:
    transaction = ET.SubElement(info, "TxInfAndSts")
    _leaf(transaction, "StsId", str(line.number))
    _leaf(transaction, "OrgnlEndToEndId", line.end_to_end_id)
    _leaf(transaction, "TxSts", "RJCT")
    _reason(ET.SubElement(transaction, "StsRsnInf"), line.reason)
    _leaf(transaction, "AcctSvcrRef", line.reference)
    original = ET.SubElement(transaction, "OrgnlTxRef")
    _leaf(ET.SubElement(original, "Amt"), "InstdAmt", yuan(line.amount_fen), Ccy="CNY")
    _leaf(ET.SubElement(original, "ReqdExctnDt"), "Dt", line.booked_on)


def _statement(
    name: str,
    now: str,
    lines: Iterable[Line],
    *,
    balances: tuple[tuple[str, int], ...] = (),
    on: str = "",
    page: str = "",
) -> bytes:
    document = ET.Element("Document", {"xmlns": CAMT_053})
    whole = ET.SubElement(document, "BkToCstmrStmt")
    header = ET.SubElement(whole, "GrpHdr")
    _leaf(header, "MsgId", name)
    _leaf(header, "CreDtTm", now)
    statement = ET.SubElement(whole, "Stmt")
    _leaf(statement, "Id", name)
    if page:
        paging = ET.SubElement(statement, "StmtPgntn")
        _leaf(paging, "PgNb", page)
        _leaf(paging, "LastPgInd", "false")
    _leaf(statement, "CreDtTm", now)
    account = ET.SubElement(ET.SubElement(statement, "Acct"), "Id")
    _leaf(ET.SubElement(account, "Othr"), "Id", ACCOUNT)
    _leaf(statement[-1], "Ccy", "CNY")
    lines = tuple(lines)
    day = on or (lines[0].booked_on if lines else now[:10])
    # A page within the day tells no balance of its own worth having; the schema asks for one.
    for code, fen in balances or (("ITBD", 0),):
        _balance(statement, code, fen, day)
    for line in lines:
        _entry(statement, line)
    return _bytes(document)


def _balance(statement: ET.Element, code: str, fen: int, day: str) -> None:
    balance = ET.SubElement(statement, "Bal")
    _leaf(ET.SubElement(ET.SubElement(balance, "Tp"), "CdOrPrtry"), "Cd", code)
    _leaf(balance, "Amt", yuan(abs(fen)), Ccy="CNY")
    _leaf(balance, "CdtDbtInd", "CRDT" if fen >= 0 else "DBIT")
    _leaf(ET.SubElement(balance, "Dt"), "Dt", day)


def _entry(statement: ET.Element, line: Line) -> None:
    """退票 is money that comes in, with the reason; 冲账 is the first entry taken back: RvslInd."""
    entry = ET.SubElement(statement, "Ntry")
    _leaf(entry, "NtryRef", str(line.number))
    _leaf(entry, "Amt", yuan(line.amount_fen), Ccy="CNY")
    _leaf(entry, "CdtDbtInd", "CRDT" if line.outcome in CREDITS else "DBIT")
    if line.outcome == "REVERSED":
        _leaf(entry, "RvslInd", "true")
    _leaf(ET.SubElement(entry, "Sts"), "Cd", "BOOK")
    _leaf(ET.SubElement(entry, "BookgDt"), "Dt", line.booked_on)
    _leaf(entry, "AcctSvcrRef", line.reference)
    _leaf(ET.SubElement(ET.SubElement(entry, "BkTxCd"), "Prtry"), "Cd", line.outcome)
    details = ET.SubElement(ET.SubElement(entry, "NtryDtls"), "TxDtls")
    if line.outcome not in {"RECEIVED", "CHARGED"} or line.end_to_end_id != line.reference:
        _leaf(ET.SubElement(details, "Refs"), "EndToEndId", line.end_to_end_id)
    if line.outcome == "RETURNED":
        _reason(ET.SubElement(details, "RtrInf"), line.reason)


def _reason(parent: ET.Element, reason: str) -> None:
    code = CODES.get(reason)
    _leaf(ET.SubElement(parent, "Rsn"), "Cd" if code else "Prtry", code or reason)


def _leaf(parent: ET.Element, tag: str, text: str, **attributes: str) -> None:
    ET.SubElement(parent, tag, attributes).text = text


def _bytes(document: ET.Element) -> bytes:
    file: bytes = ET.tostring(document, encoding="utf-8", xml_declaration=True)
    return file
