"""The bench measures what it says: nothing is silently missing, and a lost event is counted."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.account import balance
from bench.load import encode, measured_event, metadata, stream_id, worker_and_number
from bench.report import REPLAY, Row, ratios
from bench.stores import STORES

CHECKOUT = Path(__file__).resolve().parents[2]
QUICK_TIMEOUT_S = 60
COLUMNS = {"store", "workload", "concurrency", "events_per_s", "p50_ms", "p99_ms", "missed", "reordered"}
AIMS = {
    "ours / eventsourcing": 15,
    "ours / best other Postgres peer": 7,
    "ours / umadb": 2.5,
    "ours / raw single-row INSERT": 1,
    "replay: ours / eventsourcing": 3,
}


def row(store: str, events_per_s: float | None, *, workload: str = "append", void: bool = False) -> Row:
    concurrency = 1 if workload == REPLAY else 32
    return Row(store=store, workload=workload, concurrency=concurrency, events_per_s=events_per_s, void=void)


def test_a_stream_tells_its_worker_and_number() -> None:
    assert worker_and_number(f"claim-{stream_id(31, 123_456)}") == (31, 123_456)


def test_the_measured_event_has_about_three_hundred_bytes() -> None:
    stream = stream_id(0, 0)
    assert 270 <= len(encode(measured_event(stream))) <= 330
    assert len(encode(metadata(stream))) < 300


def test_a_reader_that_saw_everything_in_order_balances() -> None:
    delivered = [(stream_id(0, 0), 1), (stream_id(1, 0), 2), (stream_id(0, 1), 3)]
    account = balance(delivered, [2, 1])
    assert (account.missed, account.reordered, account.repeated, account.void) == (0, 0, 0, False)


def test_an_event_that_was_acknowledged_and_never_delivered_is_missed() -> None:
    account = balance([(stream_id(0, 0), 1)], [1, 1])
    assert account.missed == 1
    assert account.void


def test_a_repeat_does_not_make_up_for_a_missed_event() -> None:
    account = balance([(stream_id(0, 0), 1), (stream_id(0, 0), 1)], [2])
    assert (account.missed, account.repeated) == (1, 1)


def test_a_lower_position_after_a_higher_one_is_reordered() -> None:
    assert balance([(stream_id(0, 0), 2), (stream_id(1, 0), 1)], [1, 1]).reordered == 1


def test_a_writers_later_event_before_its_earlier_one_is_reordered() -> None:
    assert balance([(stream_id(0, 1), 1), (stream_id(0, 0), 2)], [2]).reordered == 1


def test_our_own_void_run_gives_no_ratio() -> None:
    found = ratios([row("ours", 10_000, void=True), row("umadb", 100)])
    assert all(ratio.ratio is None for ratio in found)


def test_a_peers_void_run_still_counts_as_its_speed() -> None:
    found = {
        r.name: r
        for r in ratios([row("ours", 8_000), row("message-db", 500), row("emmett-postgresql", 1_000, void=True)])
    }
    best = found["ours / best other Postgres peer"]
    assert (best.against, best.ratio, best.met) == ("emmett-postgresql", 8.0, True)


def test_an_aim_is_not_met_while_one_of_the_peers_is_missing() -> None:
    found = {r.name: r for r in ratios([row("ours", 8_000), row("message-db", 500), row("emmett-postgresql", None)])}
    assert found["ours / best other Postgres peer"].met is None


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict, str]:
    folder = tmp_path_factory.mktemp("bench")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "bench", "--quick", "--out", str(folder)),
            *("--stores", "ours,eventsourcing,emmett-postgresql"),
        ],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=QUICK_TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((folder / "results.json").read_text()), done.stdout


def test_results_have_the_promised_shape(quick: tuple[dict, str]) -> None:
    results, _ = quick
    assert results["rows"]
    assert all(set(found) >= COLUMNS for found in results["rows"])
    measured = {(found["store"], found["workload"]) for found in results["rows"]}
    assert measured >= {
        ("ours", "append"),
        ("ours", "replay"),
        ("eventsourcing", "append"),
        ("eventsourcing", "replay"),
    }
    assert {ratio["name"]: ratio["aim"] for ratio in results["ratios"] if ratio["aim"]} == AIMS
    assert results["environment"]["postgres.fsync"] == "on"
    assert results["environment"]["postgres.synchronous_commit"] == "on"


def test_our_tailing_reader_misses_nothing(quick: tuple[dict, str]) -> None:
    results, _ = quick
    ours = [found for found in results["rows"] if found["store"] == "ours"]
    assert ours
    for found in ours:
        assert not found["error"]
        assert found["events_per_s"] > 0
        assert (found["missed"], found["reordered"], found["repeated"], found["void"]) == (0, 0, 0, False)


def test_a_peer_is_measured_or_named_as_missing(quick: tuple[dict, str]) -> None:
    results, output = quick
    for found in results["rows"]:
        assert found["events_per_s"] or (found["error"] and "NOT MEASURED" in output)
    assert {found["store"] for found in results["rows"]} <= {store.name for store in STORES}


def test_the_reading_of_cards_is_measured_under_a_key_of_its_own(quick: tuple[dict, str]) -> None:
    results, output = quick
    papers = results["papers"]
    assert (papers["pictures"], papers["error"]) == (2, "")
    assert papers["p50_s"] > 0
    assert 100 < papers["peak_mb"] < 2_000
    assert "Reading a card" in output
