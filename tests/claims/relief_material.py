"""What the specifications of relief are told with: nobody's facts, a plan's rules."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec

from claims.domain.relief_commands import AskReliefPapers, DecideRelief, FileRelief, VerifyRelief
from claims.domain.relief_plan import ReliefRules
from contracts.claims.relief import (
    ReliefAgreed,
    ReliefClosedIncomplete,
    ReliefFiled,
    ReliefGranted,
    ReliefNoticePublished,
    ReliefObjected,
    ReliefObjectionSettled,
    ReliefPaid,
    ReliefPapersAsked,
    ReliefPapersSupplied,
    ReliefPayoutArrived,
    ReliefRefused,
    ReliefVerdict,
    ReliefVerified,
    ReliefWithdrawn,
)
from contracts.claims.v1 import Document
from contracts.person import Household
from tests.claims.material import PLAN, UNIT_PATH, YUAN, payee, sealed

assert PLAN.relief is not None
RULES: ReliefRules = PLAN.relief
POOR = Household(members=3, income_fen=1_000_000, minimum_living_fen=60_000)
COSTLY = Household(members=1, income_fen=9_000_000, minimum_living_fen=60_000, self_paid_fen=1_000_001)
COVER = ("2022-01-01", "2023-01-01")
PAPERS = ("APPLICATION_FORM", "INCOME_STATEMENT", "EVENT_PROOF", "KINSHIP_PROOF", "ADMISSION_LETTER")


def papers(*kinds: str) -> tuple[Document, ...]:
    return tuple(Document(kind=kind, sha256="0" * 64) for kind in kinds)


def filed(**changes: Any) -> ReliefFiled:
    fields: dict[str, Any] = {
        "relief_id": "r1",
        "relief_no": "RL22-1",
        "person_id": "p1",
        "plan_code": PLAN.code,
        "plan_version": PLAN.version,
        "kind": "RELIEF_HARDSHIP",
        "reason": "FAMILY",
        "happened_on": "2022-05-12",
        "matter": "RELIEF_HARDSHIP/FAMILY/2022",
        "child_id": "",
        "channel": "UNIT",
        "org_path": UNIT_PATH,
        "facts": sealed("p1", "health"),
        "contact": sealed("p1", "contact"),
        "documents": papers(*PAPERS),
        "payees": (payee(),),
        "filed_on": "2022-06-01",
        "by": "filer",
    }
    return ReliefFiled(**{**fields, **changes})


def filing(*, died: bool = False, last_day: str = "2024-05-11", **changes: Any) -> FileRelief:
    event = filed(**changes)
    return FileRelief(event, RULES.kinds[event.kind], COVER, last_day, died)


def asked(*needs: str) -> ReliefPapersAsked:
    return ReliefPapersAsked(
        relief_id="r1",
        relief_no="RL22-1",
        person_id="p1",
        needs=needs or ("NEED_KINSHIP",),
        due_on="2022-07-01",
        by="county",
        asked_on="2022-06-01",
        remind_days=(7, 20, 27),
        next_on="2022-06-08",
    )


def asking(*needs: str, by: str = "county") -> AskReliefPapers:
    return AskReliefPapers(needs, "2022-07-01", by, "2022-06-01", (7, 20, 27))


def supplied(*kinds: str) -> ReliefPapersSupplied:
    return ReliefPapersSupplied(relief_id="r1", documents=papers(*kinds), by="filer")


def verified(**changes: Any) -> ReliefVerified:
    fields: dict[str, Any] = {
        "relief_id": "r1",
        "method": "HOME_VISIT",
        "confirmed": True,
        "hardship": "DEEP",
        "eligible": True,
        "finding": sealed("p1", "health"),
        "verified_on": "2022-06-02",
        "by": "county",
    }
    return ReliefVerified(**{**fields, **changes})


NOTICE = ReliefNoticePublished(relief_id="r1", starts_on="2022-06-02", ends_on="2022-06-10")


def verifying(**changes: Any) -> VerifyRelief:
    command = VerifyRelief(
        method="HOME_VISIT",
        confirmed=True,
        household=POOR,
        finding=sealed("p1", "health"),
        kind=RULES.kinds["RELIEF_HARDSHIP"],
        rules=RULES,
        today="2022-06-02",
        notice_ends_on="2022-06-10",
        by="county",
    )
    return replace(command, **changes)


def objected(objection_id: str = "o1") -> ReliefObjected:
    return ReliefObjected(
        relief_id="r1",
        objection_id=objection_id,
        text=sealed("p1", "health"),
        objected_on="2022-06-03",
        by="neighbour",
    )


def settled(objection_id: str = "o1", *, upheld: bool = False) -> ReliefObjectionSettled:
    return ReliefObjectionSettled(relief_id="r1", objection_id=objection_id, upheld=upheld, note=None, by="other")


def agreed(*, agrees: bool = True) -> ReliefAgreed:
    return ReliefAgreed(relief_id="r1", agrees=agrees, note=None, by="city")


def verdict(fen: int = 2_000 * YUAN, **changes: Any) -> ReliefVerdict:
    return msgspec.structs.replace(ReliefVerdict(relief_id="r1", amount_fen=fen), **changes)


def deciding(said: ReliefVerdict | None = None, **changes: Any) -> DecideRelief:
    command = DecideRelief(
        verdict=said or verdict(),
        meeting_id="m1",
        participants=("one", "two"),
        heads=frozenset(),
        kind=RULES.kinds["RELIEF_HARDSHIP"],
        rules=RULES,
        paid_elsewhere=False,
        today="2022-06-13",
        by="one",
    )
    return replace(command, **changes)


def granted(fen: int = 2_000 * YUAN, **changes: Any) -> ReliefGranted:
    fields: dict[str, Any] = {
        "relief_id": "r1",
        "relief_no": "RL22-1",
        "person_id": "p1",
        "plan_code": PLAN.code,
        "plan_version": PLAN.version,
        "org_path": UNIT_PATH,
        "kind": "RELIEF_HARDSHIP",
        "payees": (payee(),),
        "amount_fen": fen,
        "exceptional": False,
        "note": None,
        "granted_on": "2022-06-13",
        "meeting_id": "m1",
        "decided_by": ("one", "two"),
        "reviewed_by": ("filer", "county", "city", "one", "two"),
    }
    return ReliefGranted(**{**fields, **changes})


def refused(reason: str = "RR_FUND") -> ReliefRefused:
    text = RULES.refusals[reason]
    return ReliefRefused(
        relief_id="r1",
        relief_no="RL22-1",
        person_id="p1",
        kind="RELIEF_HARDSHIP",
        payees=(payee(),),
        reason=reason,
        rule=text.rule,
        explanation=text.text,
        meeting_id="m1",
        decided_by=("one", "two"),
    )


def arrived(fen: int = 2_000 * YUAN, payout_id: str = "x") -> ReliefPayoutArrived:
    return ReliefPayoutArrived(relief_id="r1", payout_id=payout_id, payee_id="p1", amount_fen=fen)


PAID = ReliefPaid(relief_id="r1", person_id="p1", amount_fen=2_000 * YUAN)
CLOSED_INCOMPLETE = ReliefClosedIncomplete(relief_id="r1", relief_no="RL22-1", person_id="p1", closed_on="2022-07-02")
WITHDRAWN = ReliefWithdrawn(relief_id="r1", by="filer")
TO_AGREED = (filed(), verified(), NOTICE, agreed())
STAGES: dict[str, tuple[Any, ...]] = {
    "absent": (),
    "at_county": (filed(),),
    "closed_incomplete": (filed(), asked(), CLOSED_INCOMPLETE),
    "verified": (filed(), verified(), NOTICE),
    "agreed": TO_AGREED,
    "granted": (*TO_AGREED, granted()),
    "paid": (*TO_AGREED, granted(), arrived(), PAID),
    "refused": (*TO_AGREED, refused()),
    "withdrawn": (filed(), WITHDRAWN),
}
