"""Claims at work in this process, asked over HTTP; neighbours' events arrive through its own tails' sinks."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import cache
from typing import Any

import httpx
from PIL import Image

from chassis.clock import SHANGHAI, new_id
from chassis.sweep import Sweeps
from claims.workers import SWEEPS
from contracts.claims.process import AdvanceGranted
from contracts.claims.v1 import ClaimApproved
from contracts.enrolment.v1 import CoverageGranted
from contracts.envelope import Event
from contracts.organization import path_of
from contracts.payments.v1 import PayoutReturned, PayoutSettled
from tests.claims.material import CASES, PLAN
from tests.world import World

OFFICE = "620000"
STEP_ROLES = {"UNIT_REVIEW": "unit_clerk", "COUNTY_REVIEW": "county_clerk", "CITY_REVIEW": "city_clerk"}
HEIR_PAPERS = ("DEATH_CERTIFICATE", "CLAIMANT_ID_CARD", "KINSHIP_PROOF", "HEIR_LIST", "NOTARIAL_DEED")
LEVELS = {"UNIT_REVIEW": 3, "COUNTY_REVIEW": 2, "CITY_REVIEW": 1}


def cases() -> list[dict[str, Any]]:
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(CASES.glob("*.json"))]


def payee(relation: str = "SELF", share: int = 100, *, name: str = "甲乙", account_name: str = "") -> dict[str, Any]:
    asked: dict[str, Any] = {
        "relation": relation,
        "share_percent": share,
        "holder_name": name,
        "account": {"account_name": account_name or name, "card_no": "6" * 16},
    }
    if relation != "SELF":
        asked["contact"] = {"name": name, "mobile": ""}
    return asked


def filing(person_id: str = "", channel: str = "UNIT", **others: Any) -> dict[str, Any]:
    """A plain inpatient stay, unless told otherwise."""
    asked = {
        "person_id": person_id,
        "plan": PLAN.code,
        "channel": channel,
        "incident": {"kind": "INPATIENT", "decisive_on": "2022-05-12", "discharged_on": "2022-05-20"},
        "facts": {"self_pay_in_scope_fen": 240_000, "self_paid_fen": 240_000},
        "documents": [],
        "payees": [payee()],
    }
    if others.get("incident", {}).get("died_on"):
        asked["documents"] = [{"kind": kind, "sha256": digest_of(kind)} for kind in HEIR_PAPERS]
    return {**asked, **others}


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def small_picture(seed: str) -> bytes:
    """A picture like no other: a JPEG of a few hundred bytes."""
    image = Image.frombytes("L", (8, 8), hashlib.sha512(seed.encode()).digest()).resize((96, 64))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80)
    return out.getvalue()


def filing_of(case: dict[str, Any], person_id: str) -> dict[str, Any]:
    heirs = [payee(heir["relation"], heir["share_percent"]) for heir in case["heirs"]]
    documents = [{"kind": kind, "sha256": ""} for kind in case["documents"]]
    parts = {name: case[name] for name in ("incident", "facts", "urgent")}
    return filing(person_id, case["channel"], documents=documents, payees=heirs or [payee()], **parts)


@dataclass
class House:
    """One service at work."""

    world: World

    async def cover(self, org: str = "6207251000001", person_id: str = "", starts: str = "2022-01-01") -> str:
        """A person becomes covered through an organisation; their id."""
        person_id = person_id or new_id()
        granted = CoverageGranted(
            plan_code=PLAN.code,
            plan_version=PLAN.version,
            person_id=person_id,
            batch_id="b",
            row_no=1,
            effective_on=starts,
            ends_on="2023-01-01",
            occupation="COURIER",
            org_path=path_of(org),
            division_code=org[:6],
        )
        await self.world.feed("enrolment", granted, f"coverage-{PLAN.code}-{person_id}")
        return person_id

    async def react(self, event: PayoutSettled | PayoutReturned) -> None:
        """Payments say something."""
        await self.world.feed("payments", event, event.payout_id)
        assert await self.world.parked() == []

    async def post(
        self, path: str, body: object, sub: str, role: str, org: str = OFFICE, key: str = ""
    ) -> httpx.Response:
        """Ask for a change; what was written before can be read."""
        await self.world.settled()
        headers = {"Idempotency-Key": key} if key else {}
        async with self.world.client(role, org, sub, **headers) as client:
            return await client.post(path, json=body)

    async def get(self, path: str, role: str = "auditor", org: str = OFFICE, sub: str = "reader") -> httpx.Response:
        """Ask a question once everything written can be read."""
        await self.world.settled()
        async with self.world.client(role, org, sub) as client:
            return await client.get(path)

    async def history(self, claim_id: str) -> list[Event]:
        """The claim's events."""
        return [one.event for one in await self.world.context.log.load(f"claim-{claim_id}")]

    async def hand_in(
        self, picture: bytes, kind: str = "SETTLEMENT", person_id: str = "", claim_id: str = "",
        *, sub: str = "counter", role: str = "office_reviewer", org: str = OFFICE, key: str = "",
    ) -> httpx.Response:  # fmt: skip
        """A paper comes in."""
        headers = {"Idempotency-Key": key} if key else {}
        fields = {"kind": kind, "person_id": person_id, "claim_id": claim_id}
        async with self.world.client(role, org, sub, **headers) as client:
            return await client.post(
                "/papers",
                files={"file": ("scan", picture)},
                data={name: value for name, value in fields.items() if value},
            )

    async def papers(self, person_id: str, kinds: Sequence[str]) -> list[dict[str, str]]:
        """Small pictures of these kinds are handed in for the person; as a claim names them."""
        named = []
        for kind in kinds:
            answer = await self.hand_in(small_picture(f"{person_id}/{kind}"), kind, person_id)
            assert answer.status_code in {200, 201}, answer.text
            named.append({"kind": kind, "sha256": answer.json()["sha256"]})
        return named

    async def with_papers(self, body: dict[str, Any], person_id: str = "") -> dict[str, Any]:
        """The filing with its papers handed in: each kind that it names, once."""
        kinds = list(dict.fromkeys(one["kind"] for one in body["documents"]))
        handed = {one["kind"]: one for one in await self.papers(person_id or body["person_id"], kinds)}
        return {**body, "documents": [handed[one["kind"]] for one in body["documents"]]}

    async def filed(self, body: dict[str, Any], sub: str = "filer", role: str = "unit_clerk", org: str = "") -> str:
        """A claim is filed, its papers having been handed in; its id."""
        body = await self.with_papers(body, body["person_id"] or sub)
        answer = await self.post("/claims", body, sub, role, org or "6207251000001")
        assert answer.status_code == 201, answer.text
        claim_id: str = answer.json()["claim_id"]
        return claim_id

    async def act(self, claim_id: str, step: str, role: str, org: str = OFFICE, body: object = None) -> dict[str, Any]:
        """One review by a person of its own."""
        answer = await self.post(f"/claims/{claim_id}/{step}", body, f"{role}-{org}", role, org)
        assert answer.status_code == 200, answer.text
        standing: dict[str, Any] = answer.json()
        return standing

    async def pass_union(self, claim_id: str, org_path: str, step: str) -> str:
        """Every union level forwards; the step it comes to."""
        codes = org_path.split(".")
        while step in STEP_ROLES:
            org = codes[LEVELS[step]]
            step = (await self.act(claim_id, "forward", STEP_ROLES[step], org, {"opinion": "属实"}))["step"]
        return step

    async def decide(self, claim_id: str, special: dict[str, Any] | None = None) -> dict[str, Any]:
        """The office's way to a decision; the last standing."""
        standing = await self.act(claim_id, "assess", "office_reviewer")
        if special:
            standing = await self.act(claim_id, "special-decision", "office_head", body=special)
        if standing["step"] == "OFFICE_RECHECK":
            standing = await self.act(claim_id, "recheck", "office_rechecker")
        if standing["step"] == "HEAD_APPROVAL":
            standing = await self.act(claim_id, "approve", "office_head")
        return standing

    async def approved(self, claim_id: str) -> ClaimApproved:
        return next(one for one in await self.history(claim_id) if isinstance(one, ClaimApproved))

    async def pay(self, claim_id: str) -> None:
        """The bank books every payout of the claim."""
        approved = await self.approved(claim_id)
        for line in approved.lines:
            for one in approved.payees:
                fen = (line.amount_fen - line.advanced_fen) * one.share_percent // 100
                if fen:
                    await self.react(settled(approved, line.line_id, line.benefit_code, one.payee_id, fen))

    async def pay_ahead(self, claim_id: str) -> None:
        """The bank books every payout of the claim's advances."""
        for granted in await self.history(claim_id):
            if isinstance(granted, AdvanceGranted):
                for one in granted.payees:
                    line_id, fen = f"{granted.line_id}.advance", granted.amount_fen * one.share_percent // 100
                    await self.react(settled(granted, line_id, granted.benefit_code, one.payee_id, fen))

    def at(self, day: str) -> None:
        """Move the business time to ten in the morning of a day."""
        moment = datetime.combine(datetime.fromisoformat(day).date(), time(10), SHANGHAI)
        self.world.clock.set(moment.astimezone(UTC))


def settled(
    approved: ClaimApproved | AdvanceGranted, line_id: str, benefit_code: str, payee_id: str, fen: int
) -> PayoutSettled:
    return PayoutSettled(
        payout_id=f"{line_id}-{payee_id}",
        claim_id=approved.claim_id,
        claim_no=approved.claim_no,
        person_id=approved.person_id,
        payee_id=payee_id,
        plan_code=approved.plan_code,
        benefit_code=benefit_code,
        amount_fen=fen,
        account_tail="6666",
        attempt=1,
        bank_reference="r",
        settled_on="2022-06-30",
        transfers=(),
    )


def returned(of: PayoutSettled, *, after_booking: bool) -> PayoutReturned:
    return PayoutReturned(
        payout_id=of.payout_id,
        claim_id=of.claim_id,
        claim_no=of.claim_no,
        person_id=of.person_id,
        payee_id=of.payee_id,
        plan_code=of.plan_code,
        amount_fen=of.amount_fen,
        attempt=of.attempt,
        reason="ACCOUNT_NAME",
        after_booking=after_booking,
        bank_reference="r",
        transfers=(),
    )


async def swept(house: House) -> int:
    """Every sweep of claims has one turn; how many decisions it made."""
    await house.world.settled()
    sweeps = Sweeps(SWEEPS, house.world.context.executor, house.world.clock)
    # Another replica a lease later: what has been decided is not decided again.
    await house.world.context.log.pool.execute("delete from sweep_lease")
    return sum([await sweeps.once(sweep) for sweep in SWEEPS])
