"""The claims of the demonstration: filed, reviewed by the right people, paid, told."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from huzhu.demo.calendar import office_hour, working_day_after
from huzhu.demo.cast import Role, card, filing, papers
from huzhu.demo.gateway import Gateway, StepFailed

UNION_STEPS = {"UNIT_REVIEW": "unit_clerk", "COUNTY_REVIEW": "county_clerk", "CITY_REVIEW": "city_clerk"}
STEPS_MAX = 12
MORNING_HOUR = 8
SILENT_M = 16
"""Payments asks about what has been out for a quarter of an hour."""


@dataclass
class Claim:
    """A claim on its way."""

    role: Role
    person_id: str
    claim_id: str
    day: date


class ClaimsDesk:
    """Everyone who handles a claim, one after the other."""

    def __init__(self, gateway: Gateway, plan: str) -> None:
        self._gateway = gateway
        self._plan = plan
        self._draw = random.Random("desk-1")

    def find(self, role: Role) -> str:
        """The member's id, looked up by the identity number as a clerk of the county does."""
        county = role.member.division_code
        found = self._gateway.post(
            "enrolment/members/lookup", {"id_no": role.member.id_no}, "county_clerk", county, f"clerk-{county}"
        )
        person_id: str = found["person_id"]
        return person_id

    def file(self, role: Role) -> Claim:
        """File at ten in the morning of the day of filing; a repeat must be counted once.

        A claim of an earlier, interrupted run is taken up where it stands.
        """
        person_id = self.find(role)
        day = date.fromisoformat(role.facts["filed_on"])
        known = self._gateway.get(f"claims/claims?person_id={person_id}")["claims"]
        if known:
            return Claim(role, person_id, known[0]["claim_id"], day)
        self._gateway.at(office_hour(day))
        body = filing(role, person_id, self._plan, self._draw, self._hand_in(role, person_id))
        filed = self._gateway.post("claims/claims", body, *self._filer(role, person_id))
        if role.filed_twice:
            self._gateway.at(office_hour(day, 15))
            again = self._gateway.post("claims/claims", body, *self._filer(role, person_id))
            if not again["duplicate"] or again["claim_id"] != filed["claim_id"]:
                raise StepFailed("A second filing of one incident was not recognised.")
        return Claim(role, person_id, filed["claim_id"], day)

    def _hand_in(self, role: Role, person_id: str) -> list[dict[str, str]]:
        """Every paper of the case, as the one who files hands it in; as a claim names them."""
        return [
            {"kind": kind, "sha256": self._upload(kind, picture, person_id, self._filer(role, person_id))}
            for kind, picture in papers(role).items()
        ]

    def _upload(self, kind: str, picture: bytes, person_id: str, filer: tuple[str, str, str]) -> str:
        file, fields = (f"{kind}.jpg", picture), {"kind": kind, "person_id": person_id}
        stored = self._gateway.upload("claims/papers", file, fields, *filer)
        return str(stored["sha256"])

    def review(self, claim: Claim) -> str:
        """Pass every review, a working day each; returns APPROVED or REJECTED."""
        for _ in range(STEPS_MAX):
            view = self._gateway.get(f"claims/claims/{claim.claim_id}")["claim"]
            if view["state"] != "IN_REVIEW":
                return str(view["state"])
            claim.day = working_day_after(claim.day)
            self._gateway.at(office_hour(claim.day, 10 if view["step"] != "HEAD_APPROVAL" else 16))
            self._act(claim, view["step"])
        raise StepFailed(f"{claim.role.facts['case']} is still in review after {STEPS_MAX} steps.")

    def _act(self, claim: Claim, step: str) -> None:
        post, path = self._gateway.post, f"claims/claims/{claim.claim_id}"
        facts = claim.role.facts
        if step in UNION_STEPS:
            role = UNION_STEPS[step]
            org = self._org(claim.role, step)
            post(f"{path}/forward", {"opinion": "情况属实,同意上报。"}, role, org, f"{role}-{org}-b")
        elif step == "OFFICE_REVIEW":
            told = post(f"{path}/assess", None, "office_reviewer", sub="reviewer-1")
            if special := facts.get("special_decision"):
                post(f"{path}/special-decision", special, "office_head", sub="head-1")
            elif refusal := facts.get("refusal"):
                post(f"{path}/reject", {"reason": refusal}, "office_reviewer", sub="reviewer-2")
            elif not told["total_fen"]:
                raise StepFailed(f"{facts['case']}: the rules grant nothing: {told['findings']}")
        elif step == "OFFICE_RECHECK":
            post(f"{path}/recheck", None, "office_rechecker", sub="rechecker-1")
        elif step == "HEAD_APPROVAL":
            post(f"{path}/approve", None, "office_head", sub="head-1")
        else:
            raise StepFailed(f"{facts['case']} stands at an unknown step {step}.")

    def _filer(self, role: Role, person_id: str) -> tuple[str, str, str]:
        if role.facts["channel"] == "MEMBER_MOBILE":
            return "member", role.union_code or role.member.division_code, person_id
        return "unit_clerk", role.union_code, f"unit_clerk-{role.union_code}-a"

    def _org(self, role: Role, step: str) -> str:
        level = {"CITY_REVIEW": 0, "COUNTY_REVIEW": 1, "UNIT_REVIEW": 2}[step]
        return role.org_codes[level]

    def pay(self, claim: Claim) -> None:
        """Three people of finance send the batch; the bank pays, or sends back and the member corrects.

        Where it keeps silent, the payout is asked about and left to the bank's statement: nothing is sent again.
        """
        payouts = self._gateway.wait("The payouts of an approved claim", lambda: self._payouts(claim))
        if claim.role.unanswered and all(payout["state"] == "requested" for payout in payouts):
            self._pay_into_silence(claim, payouts)
            return
        for _ in range(STEPS_MAX):
            standing = {payout["payout_id"]: payout for payout in self._payouts(claim)}
            if all(payout["state"] == "settled" for payout in standing.values()):
                break
            claim.day = working_day_after(claim.day)
            self._gateway.at(office_hour(claim.day))
            self._move(claim, list(standing.values()))
            self._gateway.wait("The bank's answer", lambda before=standing: self._answered(claim, before))  # type: ignore[misc]
        self._gateway.wait("The claim to be paid", lambda: self._state(claim) == "PAID")

    def _pay_into_silence(self, claim: Claim, payouts: list[dict[str, Any]]) -> None:
        claim.day = working_day_after(claim.day)
        self._gateway.at(office_hour(claim.day))
        self._gateway.keep_silent(len(payouts))
        self._move(claim, payouts)
        self._gateway.at(office_hour(claim.day, minute=SILENT_M))
        self._gateway.wait("The bank's silence to be noticed", lambda: self._all(claim, "unknown"))

    def _all(self, claim: Claim, state: str) -> bool:
        return all(payout["state"] == state for payout in self._payouts(claim))

    def _move(self, claim: Claim, payouts: list[dict[str, Any]]) -> None:
        """Whatever has to be done next for each payout, wherever an earlier run left it."""
        for payout in payouts:
            if payout["state"] == "returned":
                self._correct(claim, payout["payout_id"])
        for batch_id in {payout["batch_id"] for payout in payouts if payout["state"] == "batched"}:
            self._sign(batch_id)
        fresh = [payout["payout_id"] for payout in payouts if payout["state"] == "requested"]
        waiting = self._draft(fresh) if fresh else []
        for payout_id in waiting:
            self._gateway.post(f"payments/payouts/{payout_id}/approval", None, "supervisor", sub="supervisor-2")
        if waiting:
            self._draft(waiting)

    def _draft(self, payout_ids: list[str]) -> list[str]:
        """Draft and sign; the payouts that are above a limit and wait for one further person."""
        body = {"plan_code": self._plan, "payout_ids": payout_ids}
        told = self._gateway.post("payments/batches", body, "finance", sub="finance-1")
        if told["batch_id"]:
            self._sign(told["batch_id"])
        return list(told["waiting"])

    def _sign(self, batch_id: str) -> None:
        for step, who in (("check", "finance-2"), ("sign", "finance-3")):
            self._gateway.post(f"payments/batches/{batch_id}/{step}", None, "finance", sub=who)

    def _answered(self, claim: Claim, before: dict[str, Any]) -> bool:
        """Whether something has moved and nothing is on its way."""
        now = self._payouts(claim)
        still = all(payout["state"] == before[payout["payout_id"]]["state"] for payout in now)
        return not still and not any(payout["state"] in {"batched", "unknown"} for payout in now)

    def _correct(self, claim: Claim, payout_id: str) -> None:
        account = {"account_name": claim.role.member.name, "card_no": card(self._draw)}
        org = claim.role.union_code or claim.role.member.division_code
        path = f"payments/payouts/{payout_id}/account"
        self._gateway.post(path, account, "member", org, claim.person_id)
        again = {"card_no": account["card_no"]}
        self._gateway.post(f"{path}/confirm", again, "office_reviewer", sub="reviewer-2")

    def _payouts(self, claim: Claim) -> list[dict[str, Any]]:
        page = self._gateway.get(f"payments/payouts?claim_id={claim.claim_id}&limit=200", "finance", sub="finance-1")
        found: list[dict[str, Any]] = page["items"]
        return found

    def _state(self, claim: Claim) -> str:
        return str(self._gateway.get(f"claims/claims/{claim.claim_id}")["claim"]["state"])

    def told(self, claims: list[Claim]) -> None:
        """Nobody is woken at night: what waits for the morning goes out when it comes."""
        last = max(claim.day for claim in claims) + timedelta(days=1)
        self._gateway.at(office_hour(last, MORNING_HOUR, 30))
        silent = [claim for claim in claims if claim.role.unanswered]
        self._gateway.wait("The bank's statement", lambda: all(self._state(claim) == "PAID" for claim in silent))
        self._gateway.wait("Every service to catch up", self._gateway.caught_up)
        self._gateway.wait("All messages to be sent", lambda: self._queued() == 0)

    def _queued(self) -> int:
        return int(self._gateway.get("notify/summary")["queued"])
