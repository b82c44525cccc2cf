"""What happened, read from the services' own read models, and the times from their logs' own clocks."""

from __future__ import annotations

import asyncio
import os
import statistics
from typing import Any

import asyncpg
import msgspec
from tenacity import AsyncRetrying, stop_after_attempt, wait_fixed

from contracts.catalog import CATALOG
from contracts.claims.v1 import ClaimFiled
from contracts.notify.v1 import MessageQueued, MessageSent
from contracts.payments.v1 import PayoutSettled, PayoutUnknown
from huzhu.demo.gateway import Gateway
from huzhu.demo.matching import Ledger, Matched
from huzhu.demo.story import PLAN, Told
from huzhu.runner import roles
from huzhu.runner.home import LOOPBACK

LATENCY_SQL = "select recorded_at, body from event where type = any($1) order by position"
MS = 1000.0
READ_ATTEMPTS_MAX = 30


class Roster(msgspec.Struct, frozen=True):
    """The import."""

    rows: int
    valid: int
    seconds: float


class Paid(msgspec.Struct, frozen=True):
    """What arrived; money in fen."""

    people: int
    person_times: int
    fen: int
    fen_by_benefit: dict[str, int]


class Result(msgspec.Struct, frozen=True):
    """The last line of `huzhu demo --json`."""

    roster: Roster
    covered: int
    paid: Paid
    returned: int
    unanswered: int
    unanswered_settled: int
    rejected: int
    duplicates: int
    special_decisions: int
    messages_sent: int
    sms_delivered: int
    sms_failed: dict[str, int]
    checkups_done: int
    findings_followed_up: int
    checkups_booked: int
    checkups_attended: int
    checkup_walk_ins: int
    checkup_no_shows: int
    pool_fen: int
    open_items: int
    batches_reconciled: int
    submitted_to_paid_ms_p50: float
    paid_to_told_ms_p50: float
    published_seconds: float
    caught_up_seconds: float
    memory_mb_max: dict[str, int]
    matching: Matched | None
    completeness: Ledger | None
    events: int
    seconds: float


def read_result(gateway: Gateway, told: Told, seconds: float) -> Result:
    """Ask every service for its own figures."""
    plan = gateway.get(f"enrolment/plans/{PLAN}", "office_head")
    paid = gateway.get("payments/summary", "supervisor")
    pool = gateway.get(f"payments/pool/{PLAN}", "finance", sub="finance-1")
    claims = gateway.get("claims/summary", "supervisor")
    gateway.wait("The open items to reach zero", lambda: _reconciled(gateway))
    batches = gateway.get("payments/batches?limit=200", "finance", sub="finance-1")["items"]
    messages = gateway.get("notify/summary", "supervisor")
    # Of few findings the union is told nothing; the provider knows its own.
    checkups = gateway.get("health-checkup/summary", "health_provider")
    to_paid, to_told = asyncio.run(latencies(gateway))
    unanswered, told_later = asyncio.run(silences(gateway))
    return Result(
        roster=Roster(told.roster["rows"], told.roster["valid"], told.roster["seconds"]),
        covered=plan["covered"],
        paid=Paid(paid["people"], paid["person_times"], paid["fen"], paid["fen_by_benefit"]),
        returned=paid["returned"],
        unanswered=unanswered,
        unanswered_settled=told_later,
        rejected=claims["rejected"],
        duplicates=claims["duplicates"],
        special_decisions=claims["special_decisions"],
        messages_sent=messages["sent"],
        sms_delivered=messages["delivered"],
        sms_failed=messages["failed"],
        checkups_done=checkups["done"],
        findings_followed_up=checkups["followed_up"],
        checkups_booked=checkups["booked"],
        checkups_attended=checkups["attended"],
        checkup_walk_ins=checkups["walk_ins"],
        checkup_no_shows=checkups["missed"],
        pool_fen=pool["cash_fen"],
        open_items=0,
        batches_reconciled=sum(one["state"] == "reconciled" for one in batches),
        submitted_to_paid_ms_p50=to_paid,
        paid_to_told_ms_p50=to_told,
        published_seconds=told.roster_published_s,
        caught_up_seconds=told.caught_up_s,
        memory_mb_max=told.memory_mb_max,
        matching=told.matched,
        completeness=told.ledger,
        events=sum(int(gateway.status(name)["position"]) for name in gateway.state["services"]),
        seconds=round(seconds, 1),
    )


def _reconciled(gateway: Gateway) -> bool:
    """Whether ledger, batches and the bank's statement agree on everything, and every batch has come to its end."""
    open_items = gateway.get("payments/reconciliation/open", "finance", sub="finance-1")["items"]
    batches = gateway.get("payments/batches?limit=200", "finance", sub="finance-1")["items"]
    return not open_items and all(one["state"] == "reconciled" for one in batches)


async def latencies(gateway: Gateway) -> tuple[float, float]:
    """Medians in real milliseconds: claim filed → payout settled, payout settled → message sent."""
    filed = {event.claim_id: at for at, event in await recorded(gateway, "claims", ClaimFiled)}
    settled = [(at, event) for at, event in await recorded(gateway, "payments", PayoutSettled)]
    queued = {event.message_id: event for _, event in await recorded(gateway, "notify", MessageQueued)}
    sent = {event.message_id: at for at, event in await recorded(gateway, "notify", MessageSent)}
    told = {
        (queued[message].claim_id, queued[message].recipient_id): at
        for message, at in sent.items()
        if message in queued and queued[message].template_code == "benefit-paid"
    }
    to_paid = [(at - filed[event.claim_id]).total_seconds() * MS for at, event in settled if event.claim_id in filed]
    to_told = [
        (told[key] - at).total_seconds() * MS
        for at, event in settled
        if (key := (event.claim_id, event.payee_id)) in told and told[key] >= at
    ]
    return _median(to_paid), _median(to_told)


async def silences(gateway: Gateway) -> tuple[int, int]:
    """Payouts that the bank gave no answer on, and how many of them settled, as the log has it."""
    unknown = {(event.payout_id, event.attempt) for _, event in await recorded(gateway, "payments", PayoutUnknown)}
    settled = {(event.payout_id, event.attempt) for _, event in await recorded(gateway, "payments", PayoutSettled)}
    return len(unknown), len(unknown & settled)


def _auditor_url(gateway: Gateway, service: str) -> str:
    server = gateway.state["postgres"]
    admin_url = os.environ["HUZHU_POSTGRES_URL"] if server["external"] else f"postgresql://{LOOPBACK}:{server['port']}/"
    database = roles.services()[service]
    return roles.url_for(admin_url, database, "auditor", gateway.home.password("postgres-auditor"))


def _median(values: list[float]) -> float:
    return round(statistics.median(values), 1) if values else 0.0


async def recorded(gateway: Gateway, service: str, kind: type[Any]) -> list[tuple[Any, Any]]:
    """Events of one kind with the real time at which they were recorded, as the auditor may read them."""
    rows = []
    async for attempt in AsyncRetrying(stop=stop_after_attempt(READ_ATTEMPTS_MAX), wait=wait_fixed(1), reraise=True):
        with attempt:
            connection = await asyncpg.connect(_auditor_url(gateway, service))
            try:
                rows = await connection.fetch(LATENCY_SQL, [CATALOG.wire_types[kind]])
            finally:
                await connection.close()
    return [(row["recorded_at"], CATALOG.event(CATALOG.header(row["body"]))) for row in rows]
