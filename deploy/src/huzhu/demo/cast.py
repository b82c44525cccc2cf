"""Who takes part: the people of the fact files, made up from a seed, and the facts themselves."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from contracts.organization import path_of
from enrolment.domain.occupation import OCCUPATIONS
from huzhu.synthetic.cards import Holder, bank_card, id_card_front, plain_paper
from huzhu.synthetic.people import Person, id_number, mobile, name

CASES_FOLDER = Path(__file__).parents[4] / "tests" / "journeys" / "cases"
CAST_SEED = "cast-1"
FIRST_ROW = 11
ROWS_APART = 13
AGE_DAYS = (30 * 365, 52 * 365)
BAD_NAME_SUFFIX = "990001"
"""The bank of the demonstration answers a card that ends so with 户名不符."""


@dataclass(frozen=True)
class Role:
    """One claim of the demonstration: its facts, its member, and what is special about it."""

    facts: dict[str, Any]
    member: Person
    union_code: str
    returned_first: bool = False
    filed_twice: bool = False
    unanswered: bool = False
    """The bank pays and says nothing: its statement of the next morning does."""

    @property
    def org_codes(self) -> list[str]:
        """Codes from the prefecture down to where the member is organised."""
        return path_of(self.union_code or self.member.division_code).split(".")[1:]


def fact_files(folder: Path = CASES_FOLDER) -> list[dict[str, Any]]:
    """The cases, in order of filing; facts only, no amounts."""
    cases = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*.json"))]
    return sorted(cases, key=lambda case: str(case["filed_on"]))


def refused_case() -> dict[str, Any]:
    """A diagnosis on the twentieth day of cover: inside the waiting period."""
    return {
        "case": "inside-waiting-period",
        "title": "兰州一名快递员在免责期内确诊",
        "occupation": "COURIER",
        "division_code": "620102",
        "has_unit": False,
        "channel": "MEMBER_MOBILE",
        "urgent": False,
        "filed_on": "2022-02-10",
        "incident": {"kind": "ILLNESS", "decisive_on": "2022-01-20"},
        "facts": {"illness": "CANCER", "illness_basis": "PATHOLOGY"},
        "documents": ["APPLICATION_FORM", "ID_CARD", "BANK_CARD", "DIAGNOSIS_CERTIFICATE", "PATHOLOGY_REPORT"],
        "heirs": [],
        "refusal": "RJ_WAITING",
    }


def cast(on: date) -> list[Role]:
    """Everybody who files a claim. Of the living one is paid at the second attempt, one files twice, one by silence."""
    draw = random.Random(CAST_SEED)
    roles = []
    cases = [refused_case(), *fact_files()]
    living = [case["case"] for case in cases if not case["heirs"] and "refusal" not in case]
    for case in cases:
        union_code = f"{case['division_code']}1{draw.randint(1, 40):06d}" if case["has_unit"] else ""
        born = on - timedelta(days=draw.randrange(*AGE_DAYS))
        member = Person(
            name=name(draw),
            id_no=id_number(draw, born),
            mobile=mobile(draw),
            occupation=OCCUPATIONS[case["occupation"]][0],
            union_code=union_code,
            division_code=case["division_code"],
        )
        roles.append(
            Role(
                case,
                member,
                union_code,
                returned_first=case["case"] == living[0],
                filed_twice=case["case"] == living[1],
                unanswered=case["case"] == living[2],
            )
        )
    return roles


def rows_of(roles: list[Role]) -> dict[int, Person]:
    """Where the cast stands in the roster."""
    return {FIRST_ROW + ROWS_APART * place: role.member for place, role in enumerate(roles)}


def card(draw: random.Random, *, bad_name: bool = False) -> str:
    """A synthetic debit card number of nineteen digits."""
    body = "621700" + "".join(str(draw.randrange(10)) for _ in range(7))
    return body + (BAD_NAME_SUFFIX if bad_name else f"{draw.randrange(100_000, 900_000):06d}")


def papers(role: Role) -> dict[str, bytes]:
    """A picture for every kind of paper of the case: the cards of the member, and sheets of no content."""
    draw = random.Random(f"papers/{role.facts['case']}")
    member = Holder(role.member.name, role.member.id_no)
    drawn = {"ID_CARD": lambda: id_card_front(draw, member), "BANK_CARD": lambda: bank_card(draw)}
    kinds: list[str] = role.facts["documents"]
    return {kind: drawn.get(kind, lambda kind=kind: plain_paper(draw, kind))().picture for kind in kinds}


def filing(
    role: Role, person_id: str, plan: str, draw: random.Random, documents: list[dict[str, str]]
) -> dict[str, Any]:
    """The request that files a role's claim with its papers; heirs are made up where there are any."""
    facts = role.facts
    heirs = facts["heirs"] or [{"relation": "SELF", "share_percent": 100}]
    payees = []
    for heir in heirs:
        living = heir["relation"] == "SELF"
        holder = role.member.name if living else name(draw)
        payee: dict[str, Any] = {
            "relation": heir["relation"],
            "share_percent": heir["share_percent"],
            "holder_name": holder,
            "account": {"account_name": holder, "card_no": card(draw, bad_name=role.returned_first)},
        }
        if not living:
            payee["contact"] = {"name": holder, "mobile": mobile(draw)}
        payees.append(payee)
    return {
        "person_id": person_id,
        "plan": plan,
        "channel": facts["channel"],
        "incident": facts["incident"],
        "facts": facts["facts"],
        "documents": documents,
        "payees": payees,
        "urgent": facts["urgent"],
    }
