"""The main job as a person runs it: every figure from the services' own read models, every amount from the plan."""

from __future__ import annotations

import collections
import json
from pathlib import Path
from typing import Any

from tests.claims.material import PLAN_FILE
from tests.journeys.stack import Stack

YUAN = 100
ROSTER_KEYS = {"rows", "valid", "seconds"}
RESULT_KEYS = {
    "roster", "covered", "paid", "returned", "rejected", "duplicates", "messages_sent", "checkups_done", "pool_fen",
    "sms_delivered", "sms_failed",
    "submitted_to_paid_ms_p50", "paid_to_told_ms_p50", "events", "seconds",
}  # fmt: skip


def test_the_seven_cases_are_paid_475_000_yuan(told: dict[str, Any]) -> None:
    assert told["paid"]["people"] == told["paid"]["person_times"] == 7
    assert told["paid"]["fen"] == 475_000 * YUAN
    assert told["paid"]["fen_by_benefit"] == {
        "ACCIDENT_DEATH": 150_000 * YUAN,
        "ACCIDENT_DISABILITY": 75_000 * YUAN,
        "CRITICAL_ILLNESS": 250_000 * YUAN,
    }


def test_one_is_returned_one_refused_one_counted_once(told: dict[str, Any]) -> None:
    assert (told["returned"], told["rejected"], told["duplicates"]) == (1, 1, 1)
    assert told["special_decisions"] == 2
    assert told["matching"]["rows"] == told["roster"]["rows"]
    assert sum(told["matching"]["by_result"].values()) == told["matching"]["rows"]
    ledger = told["completeness"]
    assert (sum(ledger["by_class"].values()), ledger["remainder"]) == (ledger["settlements"], 0)
    assert ledger["settlements"] > 0


def test_a_payout_that_the_bank_is_silent_about_settles_by_its_statement_and_is_booked_once(
    told: dict[str, Any],
) -> None:
    assert (told["unanswered"], told["unanswered_settled"], told["open_items"]) == (1, 1, 0)


def test_the_pool_holds_the_donation_less_what_was_paid(told: dict[str, Any]) -> None:
    assert told["pool_fen"] == 12_000_000 * YUAN - told["paid"]["fen"]


def test_every_valid_person_of_the_roster_is_covered(told: dict[str, Any]) -> None:
    assert told["covered"] == told["roster"]["valid"]
    assert 0 < told["roster"]["rows"] - told["roster"]["valid"] < told["roster"]["rows"] / 10


def test_people_were_told_and_examined(told: dict[str, Any]) -> None:
    assert told["messages_sent"] >= 7 * 3
    assert told["sms_delivered"] > 0
    assert told["checkups_done"] >= 1
    assert told["findings_followed_up"] == 1


def test_the_last_line_has_the_promised_shape(told: dict[str, Any]) -> None:
    assert set(told) >= RESULT_KEYS
    assert set(told["roster"]) >= ROSTER_KEYS
    assert 0 < told["paid_to_told_ms_p50"] < 60_000


def test_the_bank_booked_each_payout_once(stack: Stack, told: dict[str, Any]) -> None:
    import httpx  # noqa: PLC0415

    ledger = httpx.get(f"{stack.gateway.state['simulators']['bank']}/ledger", trust_env=False).json()
    assert all(booked["bookings"] == 1 for booked in ledger.values() if booked["booked_fen"])
    assert sum(booked["booked_fen"] for booked in ledger.values()) == told["paid"]["fen"]


def test_the_ledger_balances(stack: Stack, told: dict[str, Any]) -> None:
    assert told
    check = stack.gateway.get("payments/ledger/check?plan_code=GS-NEF-2022", "finance", sub="finance-1")
    assert check["balanced"], check["problems"]


def test_nothing_is_parked_and_everyone_has_caught_up(stack: Stack, told: dict[str, Any]) -> None:
    assert told
    stack.gateway.wait("Every service to catch up", stack.gateway.caught_up)
    for service in stack.gateway.state["services"]:
        standing = stack.gateway.status(service)
        assert standing["ready"], standing["reasons"]
        assert standing["parked"] == 0, service


def test_one_claims_journey_is_one_trace_through_the_services(stack: Stack, told: dict[str, Any]) -> None:
    assert told

    def journey() -> set[str] | None:
        """Which services a claim's trace passed, once the exporters have written."""
        services: dict[str, set[str]] = collections.defaultdict(set)
        names: dict[str, set[str]] = collections.defaultdict(set)
        for line in stack.trace_file.read_text(encoding="utf-8").splitlines():
            span = json.loads(line)
            services[span["trace_id"]].add(span["service"])
            names[span["trace_id"]].add(span["name"])
        for trace, seen in names.items():
            if {"claims.claim-filed.v1", "payments.payout-settled.v1", "notify.message-sent.v1"} <= seen:
                return services[trace]
        return None

    assert stack.gateway.wait("A claim's whole trace", journey, 30) >= {"claims", "payments", "notify"}


def test_replay_gives_what_the_services_show(stack: Stack, told: dict[str, Any]) -> None:
    assert told
    verified = stack.last_json("replay", "--verify", "--json")
    assert verified["equal"], [one for one in verified["projections"] if not one["equal"]]
    assert verified["events"] >= told["events"]


def test_the_gateway_wants_a_token(stack: Stack) -> None:
    import httpx  # noqa: PLC0415

    url = f"{stack.gateway.state['gateway_url']}/api/claims/claims"
    assert httpx.get(url, trust_env=False).status_code == 401
    assert httpx.get(url, headers={"Authorization": "Bearer x.y.z"}, trust_env=False).status_code == 401


def test_status_names_every_service_and_tail(stack: Stack, told: dict[str, Any]) -> None:
    assert told
    status = json.loads(stack.huzhu("status", "--json").stdout)
    assert set(status["services"]) == {"enrolment", "claims", "payments", "notify", "health_checkup"}
    assert all("position" in account and "lag_events" in tail for account in status["services"].values()
               for tail in account["tails"])  # fmt: skip


def test_the_year_can_be_recomputed_and_a_claim_explained(stack: Stack, told: dict[str, Any], tmp_path: Path) -> None:
    document = json.loads(PLAN_FILE.read_text(encoding="utf-8"))
    document["benefits"]["CRITICAL_ILLNESS"]["formula"]["amount_fen"] = 40_000 * YUAN
    other = tmp_path / "other.json"
    other.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    answer = stack.last_json("claims", "what-if", str(other), "--period", "2022", "--json")
    assert (answer["changed"], answer["erased"]) == (5, 0)
    assert answer["open"] >= told["matching"]["opened"], "what is not decided yet is counted, not recomputed"
    assert answer["before_fen"] == told["paid"]["fen"]
    assert answer["difference_fen"] == -50_000 * YUAN
    text = stack.huzhu("claims", "explain", answer["differences"][0]["claim_id"]).stdout
    assert "规则:" in text
    assert "给付:50,000.00 元" in text
    missing = stack.huzhu("claims", "explain", "nothing", check=False)
    assert (missing.returncode, "claim-unknown" in missing.stderr) == (1, True)
