"""Certificates of covers: a number that can be checked, a page of PDF, and what anyone may know of it (domain 5.1)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pypdfium2
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st

from enrolment.api import certificates
from enrolment.api.certificate_pdf import Certificate, write
from enrolment.domain.certificate import ALPHABET, LENGTH, certificate_no, check_character, grouped, normalised
from tests.enrolment.conftest import World, asks
from tests.enrolment.material import PLAN_CODE, worker
from tests.enrolment.test_api import call, code_of, with_member
from tests.enrolment.test_import import csv_of

people = st.uuids().map(str)


@given(people)
def test_a_number_is_the_same_for_ever_and_passes_its_own_check(person_id: str) -> None:
    number = certificate_no("P", person_id)
    assert number == certificate_no("P", person_id)
    assert len(number) == LENGTH
    assert normalised(grouped(number).lower()) == number
    assert number != certificate_no("Q", person_id)


@given(people, st.integers(0, LENGTH - 1), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_found(person_id: str, place: int, character: str) -> None:
    number = certificate_no("P", person_id)
    wrong = number[:place] + character + number[place + 1 :]
    assert normalised(wrong) == (number if wrong == number else "")


def test_the_check_character_is_that_of_the_standard() -> None:
    assert check_character("A12425GABC1234002") == "M"  # ISO/IEC 7064 MOD 37,36, a published example (GRid)


@given(st.text(max_size=20))
def test_any_text_is_a_number_or_none(typed: str) -> None:
    assert normalised(typed) in ("", "".join(typed.upper().split()).replace("-", ""))


def drawn(**changes: str) -> Certificate:
    facts = {
        "number": certificate_no("P", "p"), "plan_name": "新就业形态劳动者专项综合互助保障活动(住院+意外+重疾)",
        "donor": "甘肃省总工会", "name": "王𠅤·阿里", "id_no": "6201**********1234", "union": "张掖市山丹总工会",
        "verify_url": "https://huzhu.example/check/X",
    }  # fmt: skip
    dates = {"effective_on": date(2022, 1, 1), "ends_on": date(2023, 1, 1), "issued_on": date(2021, 12, 31)}
    return Certificate(**{**facts, **changes}, **dates)


def text_of(page: bytes) -> str:
    with pypdfium2.PdfDocument(page) as document:
        assert len(document) == 1
        return document[0].get_textpage().get_text_range()


def codes_of(page: bytes) -> list[str]:
    with pypdfium2.PdfDocument(page) as document:
        return [one.text for one in zxingcpp.read_barcodes(document[0].render(scale=2).to_pil())]


def test_the_page_says_in_chinese_what_is_covered_and_its_code_can_be_scanned() -> None:
    page = write(drawn())
    shown = text_of(page)
    for text in (
        "保障确认书",
        "阿里",
        "6201**********1234",
        "2022年1月1日零时至2022年12月31日二十四时",
        "甘肃省总工会",
    ):
        assert text in shown
    assert codes_of(page) == ["https://huzhu.example/check/X"]
    assert write(drawn()) == page, "equal certificates are equal bytes"


def test_each_page_has_its_own_letters() -> None:
    for name in ("张三", "李四", "王五"):
        assert name in text_of(write(drawn(name=name)))


def test_a_long_name_of_a_plan_is_broken_and_an_unknown_letter_is_no_failure() -> None:
    shown = text_of(write(drawn(plan_name="互助保障活动" * 12, name="王\U0002ebef", donor="")))
    assert "".join(shown.split()).count("互助保障活动") == 12
    assert "赠送单位" not in shown


async def test_members_and_officers_of_the_subtree_get_the_page(world: World) -> None:
    running = await world.start()
    person_id = await with_member(running)
    path = f"/covers/{person_id}/{PLAN_CODE}/certificate.pdf"
    for who in (asks("member", sub=person_id), asks("county_clerk", "620725")):
        answer = await call(running, "GET", path, who)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert worker(1).id_no not in text_of(answer.content)
    assert "张三" in text_of(answer.content)
    refused = [
        await call(running, "GET", path, asks("member", sub="00000000-0000-0000-0000-000000000000")),
        await call(running, "GET", path, asks("county_clerk", "620722")),
        await call(running, "GET", f"/covers/{person_id}/NONE/certificate.pdf", asks("office_head")),
    ]
    assert {code_of(one)[:2] for one in refused} == {(404, "cover-unknown")}


async def test_anyone_may_check_the_number_and_learns_nothing_of_the_person(world: World) -> None:
    running = await world.start()
    person_id = await with_member(running)
    number = certificate_no(PLAN_CODE, person_id)
    async with running.client() as client:
        answer = await client.get(f"/public/certificates/{grouped(number)}")
        unknown = await client.get(f"/public/certificates/{certificate_no(PLAN_CODE, 'nobody')}")
        wrong = await client.get("/public/certificates/XXX")
    assert answer.json() == {
        "state": "VALID",
        "plan": "新就业形态劳动者专项综合互助保障活动(住院+意外+重疾)",
        "effective_on": "2022-01-01",
        "ends_on": "2023-01-01",
    }
    assert unknown.json() == wrong.json() == {"state": "NOT_VALID", "plan": "", "effective_on": "", "ends_on": ""}


async def test_what_is_held_ended_or_of_the_dead_is_not_valid(world: World) -> None:
    running = await world.start()
    person_id = await with_member(running)
    address = f"/public/certificates/{certificate_no(PLAN_CODE, person_id)}"

    async def state() -> str:
        await running.settled()
        async with running.client() as client:
            told: str = (await client.get(address)).json()["state"]
        return told

    await running.imported((await running.send(csv_of(worker(1, name="张山")))).json()["batch_id"])
    assert await state() == "HELD"
    page = await call(running, "GET", f"/covers/{person_id}/{PLAN_CODE}/certificate.pdf", asks("office_head"))
    assert code_of(page)[:2] == (409, "cover-held")
    body = {"right": "REGISTERED", "reason": "card seen"}
    await call(running, "POST", f"/holds/{person_id}/resolve", asks("office_head"), json=body)
    assert await state() == "VALID"
    running.context.clock.set(datetime(2022, 12, 31, 15, 59, tzinfo=UTC))
    assert await state() == "VALID"
    running.context.clock.set(datetime(2022, 12, 31, 16, 0, tzinfo=UTC))
    assert await state() == "NOT_VALID"
    running.context.clock.set(datetime(2022, 6, 1, tzinfo=UTC))
    death = {"died_on": "2022-05-01"}
    await call(running, "POST", f"/members/{person_id}/death", asks("office_head"), json=death)
    assert await state() == "NOT_VALID"


async def test_who_asks_too_often_is_asked_to_come_again(world: World) -> None:
    running = await world.start(importing=False)
    here = {"X-Forwarded-For": "203.0.113.9"}
    async with running.client() as client:
        answers = [
            await client.get("/public/certificates/X", headers=here) for _ in range(certificates.CHECKS_BURST + 1)
        ]
        elsewhere = await client.get("/public/certificates/X", headers={"X-Forwarded-For": "203.0.113.10"})
    assert [one.status_code for one in answers[:-1]] == [200] * certificates.CHECKS_BURST
    assert code_of(answers[-1])[:2] == (429, "too-many-requests")
    assert elsewhere.status_code == 200
