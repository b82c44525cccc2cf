"""Everybody who handles a claim on its way: who files, who forwards, the office; each step on a day of its own."""

from __future__ import annotations

from collections import Counter
from datetime import date
from functools import partial
from typing import Any

from claims.domain.reviews import levels_of
from huzhu.demo.claims import UNION_STEPS
from huzhu.demo.gateway import PROVINCE, StepFailed
from huzhu.year import filing
from huzhu.year.agenda import Agenda, Hour, later
from huzhu.year.crowd import Crowd
from huzhu.year.filing import drawing
from huzhu.year.incidence import CRITICAL, DEATHS, INPATIENT, SUDDEN, WAITING_ENDS, Case

RETURNED_AT = ("CITY_REVIEW", "COUNTY_REVIEW")
OFFICE_REVIEW, OFFICE_RECHECK, HEAD_APPROVAL = "OFFICE_REVIEW", "OFFICE_RECHECK", "HEAD_APPROVAL"
REVIEW_DAYS = (1, 3)
URGENT_DAYS = (1, 1)
SUPPLY_DAYS = (3, 20)
DEATH_TOLD_DAYS = 3
WITHDRAWN_DAYS = 1
AGAIN_DAYS = 4
NEED, NEEDED = "NEED_DIAGNOSIS", "DIAGNOSIS_CERTIFICATE"
"""What is asked for where something is missing: a kind of paper that no machine reads."""
SPECIAL = {
    "benefit_code": "CRITICAL_ILLNESS",
    "reason": "工作中突发心脏疾病身故,检查资料不全,特事特办。",
    "evidence": ["DEATH_CERTIFICATE"],
}
OPINION = {"opinion": "情况属实,同意上报。"}


class Desk:
    """Takes cases from the filing to the decision."""

    def __init__(self, crowd: Crowd, agenda: Agenda) -> None:
        """Nothing has been filed."""
        self._crowd = crowd
        self._agenda = agenda
        self.counts: Counter[str] = Counter()
        self.by_claim: dict[str, Case] = {}

    def expect(self, case: Case) -> None:
        """Put on the agenda what comes first: a death is told to the registry, then somebody files."""
        if case.kind in DEATHS:
            self._agenda.put(later(case.ended_on, DEATH_TOLD_DAYS), Hour.MORNING, partial(self.record_death, case))
        if case.files_on is not None:
            filed = max(case.files_on, later(case.ended_on, DEATH_TOLD_DAYS + 1))
            self._agenda.put(filed, Hour.MORNING, partial(self.file, case))

    async def record_death(self, case: Case, day: date) -> None:  # noqa: ARG002 - actions are told their day
        """The county tells the registry."""
        levels = reviewing(case.codes)
        county = levels.get("COUNTY_REVIEW") or levels["CITY_REVIEW"]
        role = "county_clerk" if "COUNTY_REVIEW" in levels else "city_clerk"
        body = {"died_on": case.ended_on.isoformat()}
        await self._crowd.post(f"enrolment/members/{case.person_id}/death", body, role, county, f"{role}-{county}-b")

    async def file(self, case: Case, day: date) -> None:
        """The member, the relatives or the union files; twice is counted once.

        Whoever has been told of a match has nothing to file: the account is all that is missing.
        """
        if case.matched:
            if case.confirms_after_days is None:
                await self.confirm(case, day)
            return
        who = self._filer(case)
        named = [
            await self._crowd.hand_in(content, kind, case.person_id, *who)
            for kind, content in filing.papers(case).items()
        ]
        answer = await self._crowd.post("claims/claims", filing.filing(case, case.channel, named), *who)
        if answer["duplicate"]:
            self.counts["filed_twice"] += 1
            return
        self.counts["filed"] += 1
        case.claim_id = answer["claim_id"]
        self.by_claim[case.claim_id] = case
        if "filed_twice" in case.trouble:
            self._agenda.put(later(day, AGAIN_DAYS), Hour.MORNING, partial(self.file, case))
        if "withdrawn" in case.trouble:
            self._agenda.put(later(day, WITHDRAWN_DAYS), Hour.MORNING, partial(self.withdraw, case))
            return
        self.go_on(case, filing.steps(case, case.channel)[0], day)

    def go_on(self, case: Case, step: str, day: date) -> None:
        """The next review, some working days later."""
        least, most = URGENT_DAYS if case.urgent else REVIEW_DAYS
        case.steps.append(step)
        hour = Hour.AFTERNOON if step == HEAD_APPROVAL else Hour.NOON
        days = drawing(case, f"{step}-{len(case.steps)}").randint(least, most)
        self._agenda.put(later(day, days), hour, partial(self.review, case, step))

    async def withdraw(self, case: Case, day: date) -> None:  # noqa: ARG002 - actions are told their day
        """Who filed takes it back."""
        await self._crowd.post(f"claims/claims/{case.claim_id}/withdraw", None, *self._filer(case))
        self.counts["withdrawn"] += 1

    async def review(self, case: Case, step: str, day: date) -> None:
        """One review; what comes next stands in its answer."""
        if "supplement" in case.trouble and not self._was(case, "asked"):
            await self._ask(case, step, day)
            return
        is_unclear = "returned" in case.trouble and not self._was(case, "returned")
        if is_unclear and step in RETURNED_AT and step != case.steps[0]:
            self._note(case, "returned")
            self.counts["returned_below"] += 1
            body = {"reason": "RT_UNCLEAR", "text": "请补充说明。"}
            self._after(case, await self._act(case, "return", step, body), day)
            return
        if step in UNION_STEPS:
            self._after(case, await self._act(case, "forward", step, OPINION), day)
        elif step == OFFICE_REVIEW:
            await self._assess(case, day)
        elif step == OFFICE_RECHECK:
            self._after(case, await self._act(case, "recheck", step), day)
        elif step == HEAD_APPROVAL:
            self._after(case, await self._act(case, "approve", step), day)
        else:
            raise StepFailed(f"A claim of {case.kind} stands at an unknown step {step}.")

    async def confirm(self, case: Case, day: date) -> None:
        """The member of a matched stay names the own card; the office goes on."""
        body = {"payees": filing.payees(case)}
        await self._crowd.post(f"claims/claims/{case.claim_id}/payees", body, "member", case.org, case.person_id)
        self.counts["confirmed"] += 1
        self.go_on(case, OFFICE_REVIEW, day)

    async def _assess(self, case: Case, day: date) -> None:
        if "false_paper" in case.trouble:
            await self._reject(case, "RJ_FALSE_DOCUMENT")
            return
        told = await self._act(case, "assess", OFFICE_REVIEW)
        if told["total_fen"]:
            self._after(case, told, day)
        elif case.kind == SUDDEN and case.happened_on >= WAITING_ENDS:
            self.counts["special"] += 1
            self._after(case, await self._act(case, "special-decision", HEAD_APPROVAL, SPECIAL), day)
        else:
            await self._reject(case, _refused_by(case))

    async def _reject(self, case: Case, reason: str) -> None:
        body = {"reason": reason}
        await self._crowd.post(f"claims/claims/{case.claim_id}/reject", body, "office_reviewer", PROVINCE, "reviewer-2")
        self.counts["refused"] += 1
        self.counts[reason] += 1

    async def _ask(self, case: Case, step: str, day: date) -> None:
        """Papers are missing; most people hand them in, of the others the platform closes the claim."""
        self._note(case, "asked")
        await self._act(case, "ask-papers", step, {"needs": [NEED], "text": ""})
        self.counts["supplemented"] += 1
        if "never_supplies" not in case.trouble:
            days = drawing(case, "supply").randint(*SUPPLY_DAYS)
            self._agenda.put(later(day, days), Hour.MORNING, partial(self._supply, case))

    async def _supply(self, case: Case, day: date) -> None:
        who = self._filer(case)
        paper = await self._crowd.hand_in(filing.picture(case, NEEDED), NEEDED, case.person_id, *who)
        path = f"claims/claims/{case.claim_id}/supply-papers"
        self._after(case, await self._crowd.post(path, {"documents": [paper]}, *who), day)

    def _after(self, case: Case, standing: dict[str, Any], day: date) -> None:
        if standing["state"] == "APPROVED":
            self.counts["approved"] += 1
        elif standing["step"]:
            self.go_on(case, standing["step"], day)

    async def _act(self, case: Case, act: str, step: str, body: object = None) -> dict[str, Any]:
        role, org, sub = self._reviewer(case, step)
        told: dict[str, Any] = await self._crowd.post(f"claims/claims/{case.claim_id}/{act}", body, role, org, sub)
        return told

    def _reviewer(self, case: Case, step: str) -> tuple[str, str, str]:
        if step in UNION_STEPS:
            role, org = UNION_STEPS[step], reviewing(case.codes)[step]
            return role, org, f"{role}-{org}-b"
        role, sub = {
            OFFICE_REVIEW: ("office_reviewer", "reviewer-1"),
            OFFICE_RECHECK: ("office_rechecker", "rechecker-1"),
            HEAD_APPROVAL: ("office_head", "head-1"),
        }[step]
        return role, PROVINCE, sub

    def _filer(self, case: Case) -> tuple[str, str, str]:
        if case.channel == "MEMBER_MOBILE" or case.matched:
            return "member", case.org, case.person_id
        if case.channel == "UNIT":
            return "unit_clerk", case.org, f"unit_clerk-{case.org}-a"
        if case.channel == "COUNTY":
            return "county_clerk", case.codes[1], f"county_clerk-{case.codes[1]}-a"
        return "office_reviewer", PROVINCE, "counter-1"

    @staticmethod
    def _was(case: Case, what: str) -> bool:
        return f"+{what}" in case.steps

    @staticmethod
    def _note(case: Case, what: str) -> None:
        case.steps.append(f"+{what}")


def reviewing(codes: list[str]) -> dict[str, str]:
    """Which organisation of a path makes which union review; a prefecture without counties has unions of its own."""
    return {next(step for step in UNION_STEPS if step in levels_of(f"-.{code}")): code for code in codes}


def _refused_by(case: Case) -> str:
    """The reason why the rules grant nothing, as its people know the case."""
    if "no_self_pay" in case.trouble:
        return "RJ_NO_SELF_PAY"
    if "excluded" in case.trouble:
        return "RJ_EXCLUDED"
    if "outside_list" in case.trouble:
        return "RJ_NOT_LISTED_ILLNESS"
    if case.kind in (INPATIENT, CRITICAL, SUDDEN) and case.happened_on < WAITING_ENDS:
        return "RJ_WAITING"
    return "RJ_CAP_REACHED"
