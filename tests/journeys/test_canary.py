"""Values planted through the real interfaces are found nowhere but sealed: not in logs, traces, streams or tables."""

from __future__ import annotations

import contextlib
import csv
import io
import random
import sqlite3
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from enrolment.domain.row import COLUMNS
from huzhu.demo.calendar import office_hour
from huzhu.demo.cast import card
from huzhu.demo.checkups import IMPORTANT, plan_campaign
from huzhu.demo.gateway import PROVINCE, StepFailed
from huzhu.demo.story import PLAN
from huzhu.synthetic.cards import Holder, id_card_front
from huzhu.synthetic.people import Person, id_number, mobile, person
from tests.journeys.hunt import Hunt
from tests.journeys.stack import Stack

SEED = "canary-1"
CITY, COUNTY = "620600", "620602"
IMPORTED_ON = date(2022, 8, 2)
FILED_ON = date(2022, 11, 8)
DIAGNOSED_ON = date(2022, 10, 31)
ACCIDENT_ON = date(2022, 10, 3)


def rare(draw: random.Random, length: int) -> str:
    """Chinese characters in an order that nothing else has."""
    return "".join(chr(draw.randrange(0x4E00, 0x9FA5)) for _ in range(length))


@dataclass(frozen=True)
class Planted:
    """What was sent in, and which claim came of it."""

    values: dict[str, str]
    claim_id: str
    member: Person


def the_member(draw: random.Random) -> Person:
    return Person(
        name=rare(draw, 3),
        id_no=id_number(draw, date(1985, 5, 17)),
        mobile=mobile(draw),
        occupation="快递员",
        employer=rare(draw, 6),
        division_code=COUNTY,
        remarks=rare(draw, 8),
    )


def roster(people: list[Person]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    writer.writerows(one.cells() for one in people)
    return out.getvalue().encode()


def filing(person_id: str, values: dict[str, str], documents: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "person_id": person_id,
        "plan": PLAN,
        "channel": "MEMBER_MOBILE",
        "incident": {"kind": "ILLNESS", "decisive_on": DIAGNOSED_ON.isoformat()},
        "facts": {"illness": "CANCER", "illness_basis": "PATHOLOGY", "narrative": values["narrative"]},
        "documents": documents,
        "payees": [
            {
                "relation": "SELF",
                "holder_name": values["name"],
                "account": {"account_name": values["name"], "card_no": values["card"], "bank_name": values["bank"]},
                "contact": {"name": values["claimant"], "mobile": values["claimant's mobile"]},
            }
        ],
    }


@pytest.fixture(scope="module")
def planted(stack: Stack, told: dict[str, Any]) -> Planted:
    """A roster with one faultless and one faulty row, a claim, and what is refused, all with values of nobody."""
    assert told
    draw = random.Random(SEED)
    member, faulty, other = the_member(draw), the_member(draw), person(draw, IMPORTED_ON)
    wrong = next(digit for digit in "0123456789" if digit != faulty.id_no[-1])
    values = {
        "name": member.name, "id number": member.id_no, "mobile": member.mobile, "employer": member.employer,
        "remarks": member.remarks, "faulty row's name": faulty.name, "faulty row's mobile": faulty.mobile,
        "faulty row's id number": faulty.id_no[:-1] + wrong, "card": card(draw), "bank": rare(draw, 6),
        "narrative": rare(draw, 40), "claimant": rare(draw, 3), "claimant's mobile": mobile(draw),
        "opinion": rare(draw, 30), "special decision's reason": rare(draw, 30), "advice": rare(draw, 20),
        "check-up value": f"{draw.randrange(10**5, 10**6)}.{draw.randrange(10**4, 10**5)}",
        "follow-up's note": rare(draw, 20),
    }  # fmt: skip
    gateway = stack.gateway
    gateway.at(office_hour(IMPORTED_ON))
    bad = Person(**{**faulty.__dict__, "id_no": values["faulty row's id number"]})
    sent = gateway.upload(
        "enrolment/rosters",
        (f"{PLAN}.csv", roster([member, bad, other])),
        {"plan": PLAN, "organization": PROVINCE},
        "office_head",
        PROVINCE,
    )
    path = f"enrolment/rosters/{sent['batch_id']}"
    view = gateway.wait("The import", lambda: _imported(gateway.get(path, "office_head")))
    assert (view["rows"], view["valid"]) == (3, 2)
    gateway.wait("Every service to know the covers", gateway.caught_up)

    gateway.at(office_hour(FILED_ON))
    found = gateway.post("enrolment/members/lookup", {"id_no": member.id_no}, "county_clerk", COUNTY, "clerk-canary")
    papers = _handed_in(stack, found["person_id"], member)
    body = filing(found["person_id"], values, papers)
    before = spans(stack)
    claim_id = gateway.post("claims/claims", body, "member", COUNTY, found["person_id"])["claim_id"]
    assert gateway.get(f"claims/claims/{claim_id}")["claim"]["state"]
    _written_about(stack, found["person_id"], values, papers)
    _examined(stack, found["person_id"], values)
    _refused(stack, found["person_id"], values)
    gateway.wait("Every service to catch up", gateway.caught_up)
    phones = {values["mobile"], values["claimant's mobile"]}
    gateway.wait("The claimant to be told", lambda: phones & told_mobiles(stack))
    gateway.wait("The traces", lambda: spans(stack) > before, 30)
    # The gateway writes its log every ten seconds: when the last request stands in it, all others do.
    httpx.options(gateway.state["gateway_url"], trust_env=False)
    log = stack.root / "logs" / "gateway.log"
    gateway.wait("The gateway's log", lambda: '"OPTIONS"' in log.read_text(encoding="utf-8"), 30)
    return Planted(values, claim_id, member)


def _handed_in(stack: Stack, person_id: str, member: Person) -> list[dict[str, str]]:
    """The member's identity card, which is read by machine before anything else happens."""
    picture = id_card_front(random.Random(SEED), Holder(member.name, member.id_no)).picture
    gateway = stack.gateway
    fields = {"kind": "ID_CARD"}
    stored = gateway.upload("claims/papers", ("card.jpg", picture), fields, "member", COUNTY, person_id)
    path = f"claims/papers/{stored['document_id']}/reading"

    def read() -> dict[str, Any] | None:
        view: dict[str, Any] = gateway.get(path, "member", COUNTY, person_id)
        return view if view["state"] == "READ" else None

    values = {one["name"]: one["ocr_value"] for one in gateway.wait("The card to be read", read)["fields"]}
    assert values["id_no"] == member.id_no
    return [{"kind": "ID_CARD", "sha256": stored["sha256"]}]


def _written_about(stack: Stack, person_id: str, values: dict[str, str], papers: list[dict[str, str]]) -> None:
    """A union's opinion and a special decision's reason: free text that names the member and the illness."""
    accident = {"kind": "ACCIDENT", "decisive_on": ACCIDENT_ON.isoformat()}
    body = {**filing(person_id, values, papers), "channel": "COUNTY", "incident": accident, "facts": {}}
    gateway = stack.gateway
    path = f"claims/claims/{gateway.post('claims/claims', body, 'county_clerk', COUNTY, 'county-a')['claim_id']}"
    gateway.post(f"{path}/forward", {"opinion": values["opinion"]}, "city_clerk", CITY, "city-b")
    gateway.post(f"{path}/assess", None, "office_reviewer", sub="reviewer-1")
    special = {
        "benefit_code": "ACCIDENT_DISABILITY",
        "reason": values["special decision's reason"],
        "evidence": ["ID_CARD"],
    }
    with contextlib.suppress(StepFailed):  # whether it is granted is another matter
        gateway.post(f"{path}/special-decision", special, "office_head", sub="head-1")


def _examined(stack: Stack, person_id: str, values: dict[str, str]) -> None:
    """A check-up with a value, a doctor's advice and a follow-up's note."""
    gateway = stack.gateway
    day = FILED_ON + timedelta(days=10)
    body = {
        "campaign": "2022",
        "division_code": COUNTY,
        "place": "武威市凉州区职工服务中心",
        "date": day.isoformat(),
        "slots": 1,
        "slot_capacity": 100,
    }
    plan_campaign(gateway)
    stop = gateway.post("health-checkup/stops", body, "city_clerk", CITY, "city_clerk-1")
    path = f"health-checkup/stops/{stop['stop_id']}"
    gateway.post(f"{path}/invitations", None, "city_clerk", CITY, "city_clerk-1")
    slot = {"slot_id": stop["slots"][0]["slot_id"]}
    gateway.post(f"{path}/bookings", slot, "member", COUNTY, person_id)
    gateway.at(office_hour(day, 9))
    gateway.post(f"{path}/attendance", {"person_id": person_id}, "health_provider", CITY, "provider-1")
    results = {**IMPORTANT, "AFP": values["check-up value"]}
    sent = {"person_id": person_id, "values": results, "advice": values["advice"]}
    finding = gateway.post(f"{path}/results", sent, "health_provider", CITY, "provider-1")["finding_id"]
    note = {"outcome": "CONTACTED", "note": values["follow-up's note"]}
    gateway.post(f"health-checkup/findings/{finding}/follow-ups", note, "health_provider", CITY, "provider-1")


def _imported(view: dict[str, Any]) -> dict[str, Any] | None:
    return view if view["state"] == "IMPORTED" else None


def _refused(stack: Stack, person_id: str, values: dict[str, str]) -> None:
    """Send what each service must refuse; no refusal repeats a value, it may only name the field that was sent."""
    body = filing(person_id, values, [])
    account = {"account_name": values["name"], "card_no": f"{values['card']}x"}
    attempts = [
        ("claims/claims", {**body, values["name"]: values["card"]}),
        ("claims/claims", {**body, "payees": [{**body["payees"][0], "account": account}]}),
        ("claims/claims", {**body, "plan": values["name"]}),
        ("enrolment/members/lookup", {"id_no": values["faulty row's id number"]}),
        ("enrolment/members/lookup", {"id_no": values["id number"], values["mobile"]: values["name"]}),
        ("payments/payouts/none/account", account),
    ]
    for path, wrong in attempts:
        with pytest.raises(StepFailed) as refusal:
            stack.gateway.post(path, wrong, "county_clerk" if "lookup" in path else "member", COUNTY, person_id)
        repeated = {values[name] for name in Hunt(values).in_bytes([str(refusal.value).encode()])}
        assert repeated <= wrong.keys(), path
    header = (f"{PLAN}.csv", ("姓名," + values["name"] + "\n" + values["id number"] + "\n").encode())
    with pytest.raises(StepFailed):
        stack.gateway.upload(
            "enrolment/rosters", header, {"plan": PLAN, "organization": PROVINCE}, "office_head", PROVINCE
        )


def spans(stack: Stack) -> int:
    """How often a message sent for a claim has been seen in the trace file."""
    return stack.trace_file.read_text(encoding="utf-8").count('"notify.message-sent.v1"')


def told_mobiles(stack: Stack) -> set[str]:
    """Which phones the phone company has been asked to reach."""
    files = list((stack.root / "simulators" / "sms").glob("*.sqlite*"))
    file = next(one for one in files if one.suffix.startswith(".sqlite") and "-" not in one.suffix)
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as box:
        return {row[0] for row in box.execute("select mobile from message")}


def test_no_file_of_the_machine_holds_a_planted_value(stack: Stack, planted: Planted) -> None:
    assert Hunt(planted.values).in_files(stack.root) == {}
    assert Hunt(planted.values).in_bytes([stack.trace_file.read_bytes()]) == set()


async def test_no_table_but_the_keyrings_holds_a_planted_value(stack: Stack, planted: Planted) -> None:
    assert await Hunt(planted.values).in_databases(stack.gateway.home) == {}


async def test_the_search_finds_what_is_there(stack: Stack, planted: Planted) -> None:
    """The claim's id is no secret, and lies wherever a leaked value could lie."""
    hunt = Hunt({"claim": planted.claim_id})
    files = hunt.in_files(stack.root)
    assert any(path.startswith("nats/store/") for path in files)
    tables = await hunt.in_databases(stack.gateway.home)
    assert {"huzhu_claims.public.event", "huzhu_claims.projection.claims"} <= set(tables)


@pytest.mark.parametrize("prefix", ["", "x", "xy"])
def test_every_form_of_a_value_is_recognised(prefix: str) -> None:
    import base64  # noqa: PLC0415
    import json  # noqa: PLC0415

    value = rare(random.Random(SEED), 6)
    hunt = Hunt({"it": value})
    whole = f"{prefix}{value}, and more"
    for text in (whole.encode(), json.dumps(whole).encode(), base64.b64encode(whole.encode())):
        assert hunt.in_bytes([text]) == {"it"}
        assert hunt.in_bytes([text.hex().encode()]) == {"it"}
        assert hunt.in_bytes([text[:12], text[12:]]) == {"it"}
    assert hunt.in_bytes([b"something else"]) == set()
