"""Papers over HTTP on the real Postgres: handed in, seen by the right people, read once, confirmed, named."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest

from chassis.clock import new_id
from chassis.telemetry.metrics import PERSONAL_DATA_OPENED
from claims.main import SERVICE
from claims.papers import reading_process
from claims.papers.fields import Found
from claims.papers.reading_process import ReadingFailed
from claims.projections import identities
from claims.workers import reading as workers
from contracts.claims.papers import DocumentRead, DocumentStored, ReadingConfirmed, ReadingUnavailable
from contracts.enrolment.v1 import PersonRegistered
from contracts.envelope import Event
from contracts.person import Identity
from huzhu.synthetic.cards import Card, Holder, holder, id_card_front
from tests.claims.house import House, filing, payee, small_picture
from tests.claims.test_document import CARD_NO, WRONG_CARD_NO
from tests.claims.test_pictures import LOCKED_PDF, claiming, jpeg, pdf
from tests.world import MakeWorld

UNIT, COUNTY, OTHER = "6207251000001", "620725", "620702"


class Machine:
    """Reads what it is told to, counts how often, fails when told to."""

    def __init__(self, *answers: list[Found] | Exception) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def read(self, *_: object) -> list[Found]:
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def files(folder: Path) -> list[Path]:
    """Everything that is kept."""
    return list(folder.rglob("*.sealed"))


def card_of(of: Holder) -> Card:
    return id_card_front(random.Random("card"), of)


def found(card: Card) -> list[Found]:
    return [Found(name, value, 97) for name, value in card.fields.items()]


async def stored(house: House, kind: str, picture: bytes, person_id: str) -> str:
    answer = await house.hand_in(picture, kind, person_id, sub=person_id, role="member", org=UNIT)
    assert answer.status_code == 201, answer.text
    document_id: str = answer.json()["document_id"]
    return document_id


async def said(house: House, document_id: str) -> list[Event]:
    return [one.event for one in await house.world.context.log.load(f"document-{document_id}")]


async def work(house: House, document_id: str) -> None:
    """The worker's turn at one paper."""
    recorded = (await house.world.context.log.load(f"document-{document_id}"))[0]
    await workers.read_document(recorded, house.world.context)


async def register(house: House, person_id: str, of: Holder) -> None:
    """Enrolment says who the person is."""
    sealed = await house.world.context.keyring.seal(
        Identity(name=of.name, id_type="RESIDENT_ID", id_no=of.id_no),
        subject=person_id,
        category="identity",
        decision_id="d",
        field=identities.FIELD,
    )
    event = PersonRegistered(person_id=person_id, identity=sealed, contact=None, sex="", birth_year=0)
    await house.world.feed("enrolment", event, f"person-{person_id}")


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine([Found("name", "甲乙", 97)])
    monkeypatch.setattr(workers, "reader", made)
    monkeypatch.setattr(reading_process, "is_installed", lambda: True)
    return made


async def test_a_paper_is_kept_sealed_and_shown_without_its_metadata(house: House, tmp_path: Path) -> None:
    person_id = await house.cover(UNIT)
    document_id = await stored(house, "SETTLEMENT", jpeg(), person_id)
    (event,) = await said(house, document_id)
    assert isinstance(event, DocumentStored)
    assert (event.category, event.format, event.pages, event.kept_until) == ("health", "JPEG", 1, "2052-06-30")
    (kept,) = files(tmp_path)
    assert kept.name == f"{event.sha256}.sealed"
    assert jpeg()[40:200] not in kept.read_bytes()
    opened = PERSONAL_DATA_OPENED.labels("health")._value.get()
    shown = await house.get(f"/papers/{document_id}", "member", UNIT, sub=person_id)
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/jpeg")
    assert shown.headers["cache-control"] == "no-store"
    assert PERSONAL_DATA_OPENED.labels("health")._value.get() == opened + 1
    missing = await house.get(f"/papers/{document_id}?page=2", "member", UNIT, sub=person_id)
    assert (missing.status_code, missing.json()["code"]) == (404, "page-unknown")


@pytest.mark.parametrize(
    ("picture", "status", "code"),
    [
        (b"a letter in a file called scan.jpg", 415, "paper-format-unknown"),
        (jpeg()[:-2000], 422, "paper-damaged"),
        (LOCKED_PDF, 422, "paper-locked"),
        (claiming(20_000, 20_000), 413, "paper-too-many-pixels"),
        (jpeg() + bytes(3_000_000), 413, "paper-too-large"),
        (pdf(4), 413, "paper-too-many-pages"),
    ],
)
async def test_what_is_no_paper_is_refused_and_leaves_nothing(
    make_world: MakeWorld, tmp_path: Path, picture: bytes, status: int, code: str
) -> None:
    settings = {"paper_bytes_max": 2_000_000, "paper_pages_max": 3, "documents": str(tmp_path / "documents")}
    house = House(await make_world(SERVICE, **settings))
    person_id = await house.cover(UNIT)
    answer = await house.hand_in(picture, "SETTLEMENT", person_id)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await house.world.context.log.head() == 0
    assert not files(tmp_path)


async def test_the_same_picture_is_kept_once_for_a_person_and_recognised_for_another(
    house: House, tmp_path: Path
) -> None:
    one, other = await house.cover(UNIT), await house.cover(UNIT)
    first = await stored(house, "SETTLEMENT", jpeg(), one)
    again = await house.hand_in(jpeg(), "SETTLEMENT", one)
    assert (again.status_code, again.json()["document_id"], again.json()["repeated"]) == (200, first, True)
    foreign = await stored(house, "SETTLEMENT", jpeg(), other)
    (event,) = await said(house, foreign)
    assert isinstance(event, DocumentStored)
    assert event.same_image_as == first
    assert len(files(tmp_path)) == 2
    at_once = await asyncio.gather(*(house.hand_in(small_picture("x"), "SETTLEMENT", one) for _ in range(5)))
    assert sorted(answer.status_code for answer in at_once) == [200] * 4 + [201]
    assert len(files(tmp_path)) == 3


async def test_a_repeated_upload_with_its_key_is_answered_again(house: House, tmp_path: Path) -> None:
    person_id = await house.cover(UNIT)
    answers = [await house.hand_in(small_picture("once"), "SETTLEMENT", person_id, key="k1") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert len(files(tmp_path)) == 1
    other = await house.hand_in(small_picture("another"), "SETTLEMENT", person_id, key="k1")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert len(files(tmp_path)) == 1


async def test_who_hands_in_and_who_sees_follows_the_organisation(house: House) -> None:
    person_id = await house.cover(UNIT)
    document_id = await stored(house, "SETTLEMENT", jpeg(), person_id)
    foreign = await house.hand_in(jpeg(), "SETTLEMENT", person_id, role="county_clerk", org=OTHER)
    assert (foreign.status_code, foreign.json()["code"]) == (404, "cover-unknown")
    member = await house.hand_in(jpeg(), "SETTLEMENT", person_id, sub=new_id(), role="member", org=UNIT)
    assert member.status_code == 404
    nobody = await house.hand_in(jpeg(), "SETTLEMENT")
    assert (nobody.status_code, nobody.json()["code"]) == (422, "person-missing")
    assert (await house.hand_in(jpeg(), "SETTLEMENT", person_id, role="finance")).status_code == 403
    for path in (f"/papers/{document_id}", f"/papers/{document_id}/reading"):
        assert (await house.get(path, "county_clerk", COUNTY)).status_code == 200
        other = await house.get(path, "county_clerk", OTHER)
        assert (other.status_code, other.json()["code"]) == (404, "document-unknown")
        assert (await house.get(path, "member", UNIT, sub="someone")).status_code == 404
        assert (await house.get(path, "auditor")).status_code == 403
    listed = (await house.get(f"/papers?person_id={person_id}", "county_clerk", COUNTY)).json()["documents"]
    assert [one["document_id"] for one in listed] == [document_id]
    assert (await house.get(f"/papers?person_id={person_id}", "county_clerk", OTHER)).json()["documents"] == []


async def test_a_paper_is_handed_in_for_a_claim_that_the_sender_sees(house: House) -> None:
    person_id = await house.cover(UNIT)
    claim_id = await house.filed(filing(channel="MEMBER_MOBILE"), person_id, "member")
    await house.world.settled()
    taken = await house.hand_in(jpeg(), "SETTLEMENT", claim_id=claim_id, role="county_clerk", org=COUNTY)
    assert taken.status_code == 201
    outside = await house.hand_in(jpeg(), "SETTLEMENT", claim_id=claim_id, role="county_clerk", org=OTHER)
    assert (outside.status_code, outside.json()["code"]) == (404, "claim-unknown")
    wrong = await house.hand_in(jpeg(), "SETTLEMENT", "another", claim_id)
    assert (wrong.status_code, wrong.json()["code"]) == (422, "person-not-claims")


async def test_a_claim_names_only_papers_of_its_own_person_and_kind(house: House) -> None:
    one, other = await house.cover(UNIT), await house.cover(UNIT)
    (paper,) = await house.papers(other, ["SETTLEMENT"])
    (own,) = await house.papers(one, ["SETTLEMENT"])
    for documents in ([paper], [own, paper], [{**own, "kind": "ID_CARD"}], [{**own, "sha256": "0" * 64}]):
        answer = await house.post("/claims", filing(one, documents=documents), "filer", "unit_clerk", UNIT)
        assert (answer.status_code, answer.json()["code"]) == (404, "document-unknown")
    answer = await house.post("/claims", filing(one, documents=[own]), "filer", "unit_clerk", UNIT)
    assert answer.status_code == 201


async def test_an_erased_person_s_papers_are_gone(house: House) -> None:
    person_id = await house.cover(UNIT)
    document_id = await stored(house, "SETTLEMENT", jpeg(), person_id)
    await house.world.context.keyring.destroy(person_id, ["health"])
    answer = await house.get(f"/papers/{document_id}", "member", UNIT, sub=person_id)
    assert (answer.status_code, answer.json()["code"]) == (410, "personal-data-erased")
    again = await house.hand_in(small_picture("y"), "SETTLEMENT", person_id)
    assert (again.status_code, again.json()["code"]) == (410, "personal-data-erased")


async def test_a_card_is_read_and_compared_with_the_roster_then_confirmed(house: House, machine: Machine) -> None:
    person_id = await house.cover(UNIT)
    of = holder(random.Random("one"))
    card = card_of(of)
    await register(house, person_id, Holder("另一人", of.id_no))
    document_id = await stored(house, "ID_CARD", card.picture, person_id)
    path = f"/papers/{document_id}/reading"
    body = {"values": card.fields}
    assert (await house.get(path, "member", UNIT, sub=person_id)).json()["state"] == "WAITING"
    early = await house.post(path, body, person_id, "member", UNIT)
    assert (early.status_code, early.json()["code"]) == (409, "reading-not-ready")
    misread = [Found("name", "误读", 91), *found(card)[1:]]
    machine.answers = [misread]
    await work(house, document_id)
    await work(house, document_id)
    assert machine.asked == 1
    _, read = await said(house, document_id)
    assert isinstance(read, DocumentRead)
    assert read.findings == ("NAME_NOT_ROSTER",)
    view = (await house.get(path, "member", UNIT, sub=person_id)).json()
    assert view["state"] == "READ"
    assert {one["name"]: one["ocr_value"] for one in view["fields"]} == {**card.fields, "name": "误读"}
    confirmed = await house.post(path, body, person_id, "member", UNIT)
    assert confirmed.json()["edited"] == ["name"]
    head = await house.world.context.log.head()
    assert (await house.post(path, body, person_id, "member", UNIT)).status_code == 200
    assert await house.world.context.log.head() == head
    view = (await house.get(path, "member", UNIT, sub=person_id)).json()
    name = next(one for one in view["fields"] if one["name"] == "name")
    assert (view["state"], name["ocr_value"], name["confirmed_value"]) == ("CONFIRMED", "误读", of.name)
    assert (name["confidence"], name["edited"]) == (91, True)
    stored_bytes = b"".join(one.body for one in await house.world.context.log.read(0, 100))
    for secret in (of.name, of.id_no, "误读", card.fields["address"]):
        assert secret.encode() not in stored_bytes


async def test_a_confirmation_names_only_fields_of_its_kind(house: House, machine: Machine) -> None:
    person_id = await house.cover(UNIT)
    document_id = await stored(house, "BANK_CARD", jpeg(), person_id)
    machine.answers = [[Found("card_no", WRONG_CARD_NO, 88)]]
    await work(house, document_id)
    path = f"/papers/{document_id}/reading"
    wrong = await house.post(path, {"values": {"diagnosis": "x"}}, person_id, "member", UNIT)
    assert (wrong.status_code, wrong.json()["code"]) == (422, "field-unknown")
    right = await house.post(path, {"values": {"card_no": WRONG_CARD_NO}}, person_id, "member", UNIT)
    assert right.json()["findings"] == ["CARD_LUHN_WRONG"]
    assert isinstance((await said(house, document_id))[-1], ReadingConfirmed)
    letter = await stored(house, "KINSHIP_LETTER", jpeg(), person_id)
    none = await house.post(f"/papers/{letter}/reading", {"values": {}}, person_id, "member", UNIT)
    assert none.status_code == 400
    assert (await house.get(f"/papers/{letter}/reading", "member", UNIT, sub=person_id)).json()["state"] == (
        "NOT_READABLE"
    )


async def test_without_a_reader_people_type_what_stands_on_a_paper(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading_process, "is_installed", lambda: False)
    person_id = await house.cover(UNIT)
    document_id = await stored(house, "BANK_CARD", jpeg(), person_id)
    await work(house, document_id)
    assert isinstance((await said(house, document_id))[-1], ReadingUnavailable)
    path = f"/papers/{document_id}/reading"
    view = (await house.get(path, "member", UNIT, sub=person_id)).json()
    assert (view["state"], view["fields"]) == ("READING_UNAVAILABLE", [])
    typed = await house.post(path, {"values": {"card_no": CARD_NO}}, person_id, "member", UNIT)
    assert typed.json() == {"document_id": document_id, "edited": ["card_no"], "findings": []}


async def test_a_picture_that_ends_the_reader_every_time_is_left_to_people(house: House, machine: Machine) -> None:
    person_id = await house.cover(UNIT)
    document_id = await stored(house, "ID_CARD", jpeg(), person_id)
    machine.answers = [ReadingFailed("EOFError")]
    with pytest.raises(ReadingFailed):
        await work(house, document_id)
    recorded = (await house.world.context.log.load(f"document-{document_id}"))[0]
    await workers.give_up(recorded, house.world.context)
    await work(house, document_id)
    assert machine.asked == 1
    _, last = await said(house, document_id)
    assert isinstance(last, ReadingUnavailable)
    assert last.reason == "GAVE_UP"


async def test_a_member_s_account_is_compared_with_the_roster_s_name(house: House) -> None:
    person_id = await house.cover(UNIT)
    await register(house, person_id, Holder("甲乙", "62010219850517123X"))
    body = filing(person_id, payees=[payee(name="丙丁")])
    answer = await house.post("/claims", body, "filer", "unit_clerk", UNIT)
    (event, *_) = await house.history(answer.json()["claim_id"])
    filed: Any = event
    assert not filed.payees[0].name_matches


async def test_an_uploaded_file_is_held_in_memory_and_not_on_a_disk(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("an upload was written to a disk")

    monkeypatch.setattr("tempfile.SpooledTemporaryFile.rollover", refuse)
    person_id = await house.cover(UNIT)
    answer = await house.hand_in(jpeg() + bytes(3_000_000), "SETTLEMENT", person_id)
    assert answer.status_code == 201
