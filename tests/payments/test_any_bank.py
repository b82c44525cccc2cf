"""Whatever the bank does and in whatever order: every payout arrives once or stays owed (domain 12.10)."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from chassis.clock import FixedClock, new_id
from chassis.keyring import Keyring
from payments import projections
from payments.domain.instruction import message_id
from simulators.bank.book import CARD_SUFFIXES

from .house import START, build, close
from .town import Street, Town

EXAMPLES = int(os.environ.get("HUZHU_MACHINE_EXAMPLES", "4"))
SHARES: dict[int, tuple[int, ...]] = {1: (100,), 2: (33, 67), 3: (33, 33, 34)}


@dataclass(frozen=True)
class Mood:
    """A fault that is meant for one card."""

    kind: str
    delay_days: int = 0
    reason: str = ""
    times: int = 1


MOODS = (
    Mood("silent"), Mood("lose"), Mood("duplicate"), Mood("contradict"), Mood("contradict"), Mood("wrong_amount"),
    Mood("delay", delay_days=1), Mood("delay", delay_days=2), Mood("reject", reason="BANK_SYSTEM", times=2),
    Mood("reject", reason="OTHER"), Mood("return_after_booking", reason="ACCOUNT_FROZEN"),
    Mood("return_after_booking", delay_days=2, reason="LIMIT"), Mood("reverse"), Mood("reverse", delay_days=1),
)  # fmt: skip
"""Dealt to the payees of a story, so that every one of them plays in each, in ever other company."""
BACK = {"return_after_booking", "reverse"}
STEPS: tuple[tuple[str, Any], ...] = (
    ("pay", ""), ("pay", ""), ("send", 0), ("send", 0), ("send", 1), ("send", 2), ("give_up", 0), ("give_up", 1),
    ("read", ""), ("read", ""), ("query", ""), ("query", ""), ("ask_again", ""), ("compare", ""), ("explain", ""),
    ("sleep", ""), ("sleep", ""), ("restart", ""), ("correct", ""), ("correct", "990002"),
    ("misbehave", "drop_reply"), ("misbehave", "down"), ("misbehave", "down_day"), ("misbehave", "refuse_file"),
)  # fmt: skip
STEPS_TAKEN = 16
PAYEES_MAX = 3
GOOD_CARDS = 24
"""So many for each set of cards that the bank refuses by their number."""


@dataclass(frozen=True)
class Grant:
    """What is owed to its payees; a card's ending is "" or one that the bank refuses."""

    fund: str
    amount_fen: int
    endings: tuple[str, ...]


endings = st.sampled_from([*[""] * GOOD_CARDS, *CARD_SUFFIXES])
grants = st.builds(
    Grant,
    st.sampled_from(["pool", "relief"]),
    st.integers(100, 99_999),
    st.lists(endings, min_size=1, max_size=PAYEES_MAX).map(tuple),
)


def dealt(moods: tuple[Mood, ...], cards: list[str]) -> list[tuple[str, Mood]]:
    """Each card its moods, in turn; one booking comes back once."""
    hands: dict[str, list[Mood]] = {card: [] for card in cards}
    for place, mood in enumerate(moods):
        hand = hands[cards[place % len(cards)]]
        if not (mood.kind in BACK and any(one.kind in BACK for one in hand)):
            hand.append(mood)
    return [(card, mood) for card, hand in hands.items() for mood in hand]


async def live(town: Town, owed: list[Grant], moods: tuple[Mood, ...], story: tuple[tuple[str, Any], ...]) -> None:
    """The story, then rest."""
    house = town.house
    await town.fund()
    everyone = []
    for grant in owed:
        cards = [town.card(ending) for ending in grant.endings]
        await town.grant(grant.fund, grant.amount_fen, cards, SHARES[len(cards)])
        everyone += cards
    # A card that is refused by its number may have several holders here; its moods are for any of them.
    for card, mood in dealt(moods, everyone):
        await house.misbehave(**{**vars(mood), "matches": card[-6:]})
    await town.pay()
    await house.misbehave(kind="drop_reply", matches=message_id(town.batches[0]))
    for step, how in story:
        match step:
            case "misbehave":
                await house.misbehave(kind=how, times=2)
            case "pay" | "read" | "query" | "compare" | "explain" | "ask_again" | "sleep" | "restart":
                await getattr(town, step)()
            case _:
                await getattr(town, step)(how)
        await town.nobody_has_more_than_their_own()
    await town.come_to_rest()


async def judge(town: Town) -> None:
    """What has to hold once no fault is left and everybody has done their part."""
    house = town.house
    left = [one for one in await town.payouts() if one["state"] != "settled"]
    assert not left, left
    left = (await house.get("/reconciliation/open"))["items"]
    assert not left, left
    assert await town.arrived() == town.owed, "Every payout has arrived, and once."
    await town.books_balance()
    yesterday = (house.clock.today().fromordinal(house.clock.today().toordinal() - 1)).isoformat()
    view = await house.get(f"/reconciliation/{yesterday}")
    assert (view["unexplained_fen"], view["open_difference_fen"]) == (0, 0), view
    assert view["closing_fen"] == view["ledger_cash_fen"]
    batches = (await house.get("/batches?limit=200"))["items"]
    assert {one["state"] for one in batches} <= {"reconciled", "refused", "cancelled"}, batches


@settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(
    st.lists(grants, min_size=4, max_size=5),
    st.permutations(MOODS).map(tuple),
    st.permutations(STEPS).map(lambda steps: tuple(steps[:STEPS_TAKEN])),
)
async def test_every_payout_arrives_once_whatever_the_bank_does(
    make_database: Callable[[], Awaitable[str]],
    bank_keyring: Keyring,
    tmp_path: Path,
    owed: list[Grant],
    moods: tuple[Mood, ...],
    story: tuple[tuple[str, Any], ...],
) -> None:
    clock = FixedClock(START)
    street = Street(tmp_path / new_id(), clock)
    house = None
    try:
        database, documents = await make_database(), street.folder / "documents"
        house = await build(database, bank_keyring, street.url, documents, projections.ALL, clock)
        town = Town(house, street)
        await live(town, owed, moods, story)
        await judge(town)
    except Exception as wrong:
        wrong.add_note("\n".join(str(one) for one in [*owed, *moods, *story]))
        raise
    finally:
        if house is not None:
            await close(house)
        street.close()
