"""Whatever a check-up found, its messages read the same: no item, illness, class or value can be guessed from them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts.catalog import CATALOG, PUBLISHERS
from contracts.envelope import Event
from contracts.health_checkup.stops import BookingCancelled
from contracts.health_checkup.v1 import FindingRaised, StopOpened
from health_checkup.domain.package import EVERY_PACKAGE
from health_checkup.domain.terminology import ILLNESSES
from notify.domain.template import TEMPLATES, latest, render, speaks_of_health
from notify.inbox import REACTIONS
from tests.notify.house import OPAQUE, House

GOLDEN = Path(__file__).parents[1] / "contracts" / "golden"
OF_CHECKUPS = ("checkup-", "quiz-")
TAKING_BACK = {BookingCancelled}
"""Takes a waiting reminder back, and says nothing."""
CAUSES = sorted(set(REACTIONS["health_checkup"]) - TAKING_BACK, key=lambda event: event.__name__)
ITEMS = {item.name for package in EVERY_PACKAGE.values() for item in package.items.values()}
ANSWERS = {option.name for p in EVERY_PACKAGE.values() for item in p.items.values() for option in item.options}
TELLING = ITEMS | ANSWERS | set(ILLNESSES.values()) | {"A类", "B类", "偏高", "偏低"}
ORDINARY = {"视力", "体温", "体重", "身高"}
NASTY = "武威肿瘤医院"


def sample(kind: type[Event], **changes: Any) -> Event:
    """The golden document of an event, with the fields that a person fills in filled in badly."""
    [wire] = [wire for wire, one in PUBLISHERS["health_checkup"].items() if one is kind]
    event = CATALOG.event(CATALOG.header((GOLDEN / f"{wire}.json").read_bytes()))
    fields = {name: value for name, value in changes.items() if name in kind.__struct_fields__}
    return msgspec.structs.replace(event, **fields)


async def told(house: House, event: Event) -> list[str]:
    await house.world.feed("health_checkup", event, f"any-{house.member}")
    await house.world.settled()
    return [
        render(latest(one.template_code), "某某某", one.variables)
        for one in await house.queued()
        if one.template_code.startswith(OF_CHECKUPS)
    ]


@pytest.mark.parametrize("kind", CAUSES, ids=lambda kind: kind.__name__)
async def test_no_message_that_a_check_up_causes_hints_at_an_illness(house: House, kind: type[Event]) -> None:
    await house.register()
    of_stop = {
        "stop_id": f"stop-{house.member}",
        "place": NASTY,
        "date": "2022-07-15",
        "starts_at": "08:30",
        "reason": "STOP_OVER",
    }
    await house.world.feed("health_checkup", sample(StopOpened, **of_stop), f"stop-{house.member}")
    event = sample(kind, person_id=house.member, person_ids=(house.member,), ends_at="12:00", **of_stop)
    texts = await told(house, event)
    queued = await house.queued()
    assert queued, "the event is told"
    assert all(one.template_code.startswith(OF_CHECKUPS) for one in queued)
    for text in texts:
        assert not speaks_of_health(text)
        assert not [word for word in TELLING if word in text]


async def test_a_finding_is_told_in_the_same_words_whatever_its_class(house: House) -> None:
    texts = set()
    for finding_class in ("A", "B"):
        person = house.for_new_people()
        await person.register()
        raised = FindingRaised(
            finding_id=f"f-{person.member}", exam_id="e", person_id=person.member, finding_class=finding_class,
            detail=OPAQUE, contact_by="2022-07-15",
        )  # fmt: skip
        texts |= set(await told(person, raised))
    assert len(texts) == 1


def test_no_template_of_check_ups_has_room_for_what_was_found() -> None:
    of_checkups = [template for template in TEMPLATES.values() if template.code.startswith(OF_CHECKUPS)]
    assert len(of_checkups) >= 3
    for template in of_checkups:
        assert set(template.variables.values()) <= {"moment", "clock", "place", "count"}, template.code
        assert not [word for word in TELLING - ORDINARY if word in template.text], template.code


def test_claims_hears_nothing_of_check_ups() -> None:
    """A finding must never be used against its member: who decides on claims does not even receive it (domain 8.2)."""
    claims = Path(__file__).parents[2] / "services" / "claims" / "src"
    readers = [path for path in claims.rglob("*.py") if "health_checkup" in path.read_text(encoding="utf-8")]
    assert readers == []
