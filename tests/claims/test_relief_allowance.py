"""Whatever happens, nobody is granted more than the relief cap, nor twice for one matter (domain 2.2, 12.2)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.decider import Rejected
from chassis.testing import Spec
from claims.domain.hardship import hardship_of
from claims.domain.relief_allowance import (
    RELIEF_ALLOWANCE,
    AllowanceCommand,
    ClaimMatter,
    ReleaseMatter,
    TakeAllowance,
    matter_of,
)
from claims.domain.relief_meeting import (
    CASES_MAX,
    PARTICIPANTS_MAX,
    RELIEF_MEETING,
    ConveneMeeting,
    HoldMeeting,
    JoinMeeting,
)
from contracts.claims.relief import (
    ReliefAllowanceTaken,
    ReliefMatterClaimed,
    ReliefMatterReleased,
    ReliefMeetingConvened,
    ReliefMeetingHeld,
    ReliefMeetingJoined,
    ReliefVerdict,
)
from contracts.person import Household
from tests.claims.relief_material import RULES, verdict

PLAN, WHO, MATTER = "GS", "p1", "RELIEF_HARDSHIP/FAMILY/2022"
allowance = Spec(RELIEF_ALLOWANCE)
meeting = Spec(RELIEF_MEETING)
claimed = ReliefMatterClaimed(plan_code=PLAN, subject_id=WHO, matter=MATTER, relief_id="r1")
released = ReliefMatterReleased(plan_code=PLAN, subject_id=WHO, matter=MATTER, relief_id="r1")


def taken(fen: int = 100) -> ReliefAllowanceTaken:
    return ReliefAllowanceTaken(plan_code=PLAN, subject_id=WHO, matter=MATTER, relief_id="r1", amount_fen=fen)


def taking(fen: int = 100, cap: int = 1_000, relief_id: str = "r1", matter: str = MATTER) -> TakeAllowance:
    return TakeAllowance(PLAN, WHO, matter, relief_id, fen, cap)


def test_a_matter_is_one_cases() -> None:
    claiming = ClaimMatter(PLAN, WHO, MATTER, "r1")
    allowance.when(claiming).then(claimed)
    allowance.given(claimed).when(claiming).then_nothing()
    allowance.given(claimed).when(ClaimMatter(PLAN, WHO, MATTER, "r2")).then_rejected("relief-matter-held")


def test_a_matter_without_money_is_set_free_and_one_with_money_never() -> None:
    releasing = ReleaseMatter(PLAN, WHO, MATTER, "r1")
    allowance.given(claimed).when(releasing).then(released)
    allowance.given(claimed, released).when(releasing).then_nothing()
    allowance.when(releasing).then_nothing()
    allowance.given(claimed, taken()).when(releasing).then_rejected("relief-granted")
    assert allowance.given(claimed, released).when(ClaimMatter(PLAN, WHO, MATTER, "r2")).events


def test_a_grant_is_taken_once_within_the_cap() -> None:
    allowance.given(claimed).when(taking()).then(taken())
    allowance.given(claimed, taken()).when(taking()).then_nothing()
    allowance.when(taking()).then_rejected("relief-matter-unclaimed")
    allowance.given(claimed).when(taking(0)).then_rejected("amount-not-positive")
    allowance.given(claimed).when(taking(1_001)).then_rejected("relief-cap-reached")
    second = ReliefMatterClaimed(plan_code=PLAN, subject_id=WHO, matter="m2", relief_id="r2")
    over = taking(901, relief_id="r2", matter="m2")
    allowance.given(claimed, taken(), second).when(over).then_rejected("relief-cap-reached")
    assert allowance.given(claimed, taken(), second).when(taking(900, relief_id="r2", matter="m2")).events


cases = st.sampled_from(["r1", "r2", "r3", "r4"])
matters = st.sampled_from(["m1", "m2"])
commands = st.one_of(
    st.builds(ClaimMatter, st.just(PLAN), st.just(WHO), matters, cases),
    st.builds(ReleaseMatter, st.just(PLAN), st.just(WHO), matters, cases),
    st.builds(TakeAllowance, st.just(PLAN), st.just(WHO), matters, cases, st.integers(-5, 700), st.just(1_000)),
)


@given(st.lists(commands, max_size=40))
@settings(max_examples=400, deadline=None)
def test_random_histories_never_exceed_the_cap_or_grant_twice_for_one_matter(history: list[AllowanceCommand]) -> None:
    state, grants = RELIEF_ALLOWANCE.initial, list[ReliefAllowanceTaken]()
    for command in history:
        try:
            events = RELIEF_ALLOWANCE.decide(command, state)
        except Rejected:
            continue
        for event in events:
            state = RELIEF_ALLOWANCE.evolve(state, event)
            grants += [event] if isinstance(event, ReliefAllowanceTaken) else []
        assert RELIEF_ALLOWANCE.decide(command, state) == []
    assert sum(one.amount_fen for one in grants) <= 1_000
    assert len({one.matter for one in grants}) == len(grants)
    assert len({one.relief_id for one in grants}) == len(grants)


@pytest.mark.parametrize(
    ("code", "same", "other"),
    [
        ("RELIEF_HARDSHIP", ("FAMILY", "2022-01-05", ""), ("STUDY", "2022-01-05", "")),
        ("RELIEF_HARDSHIP", ("FAMILY", "2022-12-31", ""), ("FAMILY", "2023-01-05", "")),
        ("RELIEF_CONDOLENCE", ("WAITING", "2022-01-05", ""), ("WAITING", "2022-01-06", "")),
        ("RELIEF_CARE", ("DISASTER", "2022-01-05", ""), ("DISASTER", "2022-01-06", "")),
        ("RELIEF_STUDY", ("ADMISSION", "2022-09-01", "k1"), ("ADMISSION", "2022-09-01", "k2")),
        ("RELIEF_STUDY", ("ADMISSION", "2022-08-01", "k1"), ("ADMISSION", "2023-09-01", "k1")),
    ],
)
def test_a_reason_a_year_an_event_a_childs_year_are_counted(
    code: str, same: tuple[str, str, str], other: tuple[str, str, str]
) -> None:
    kind = RULES.kinds[code]
    assert matter_of(code, kind, *same) != matter_of(code, kind, *other)
    reason, happened_on, child_id = same
    if kind.once_per != "EVENT":
        assert matter_of(code, kind, *same) == matter_of(code, kind, reason, happened_on[:5] + "06-30", child_id)


@pytest.mark.parametrize(
    ("income_fen", "event_fen", "hardship"),
    [
        (719_999, 0, "DEEP"),
        (720_000, 0, "RELATIVE"),
        (1_439_999, 0, "RELATIVE"),
        (1_440_000, 0, ""),
        (2_000_000, 1_600_000, ""),
        (2_000_000, 1_600_001, "ACCIDENT"),
        (100_000, 90_000, "DEEP"),
    ],
)
def test_hardship_is_computed_from_the_familys_figures(income_fen: int, event_fen: int, hardship: str) -> None:
    home = Household(members=1, income_fen=income_fen, minimum_living_fen=60_000, event_cost_fen=event_fen)
    assert hardship_of(home, RULES.hardship) == hardship
    more = Household(
        members=2,
        income_fen=income_fen * 2 + 5_000,
        rigid_outlay_fen=5_000,
        minimum_living_fen=60_000,
        event_cost_fen=event_fen * 2 + 10_000 * bool(event_fen),
    )
    if hardship != "":
        assert hardship_of(more, RULES.hardship) == hardship


convened = ReliefMeetingConvened(meeting_id="m1", plan_code=PLAN, held_on="2022-06-13", relief_ids=("r1",), by="one")
VERDICTS = (verdict(),)
held = ReliefMeetingHeld(meeting_id="m1", verdicts=VERDICTS, participants=("one",), by="one")


def joined(by: str = "one", *, head: bool = False) -> ReliefMeetingJoined:
    return ReliefMeetingJoined(meeting_id="m1", by=by, head=head)


def test_a_meeting_is_convened_on_its_cases_once() -> None:
    convening = ConveneMeeting("m1", PLAN, "2022-06-13", ("r1",), "one")
    meeting.when(convening).then(convened)
    meeting.given(convened).when(convening).then_nothing()
    other = ConveneMeeting("m1", PLAN, "2022-06-13", ("r2",), "one")
    meeting.given(convened).when(other).then_rejected("meeting-exists")
    meeting.given(convened, joined(), held).when(convening).then_rejected("meeting-exists")
    for cases in ((), ("r1", "r1"), tuple(f"r{number}" for number in range(CASES_MAX + 1))):
        wrong = ConveneMeeting("m1", PLAN, "2022-06-13", cases, "one")
        meeting.when(wrong).then_rejected("meeting-cases-wrong")


def test_each_signs_in_for_themselves_while_it_is_open() -> None:
    meeting.given(convened).when(JoinMeeting("one", head=True)).then(joined(head=True))
    meeting.given(convened, joined()).when(JoinMeeting("one", head=False)).then_nothing()
    meeting.when(JoinMeeting("one", head=False)).then_rejected("meeting-unknown")
    meeting.given(convened, joined(), held).when(JoinMeeting("two", head=False)).then_rejected("meeting-over")
    meeting.given(convened, joined(), held).when(JoinMeeting("one", head=False)).then_nothing()
    full = [joined(f"p{number}") for number in range(PARTICIPANTS_MAX)]
    meeting.given(convened, *full).when(JoinMeeting("one", head=False)).then_rejected("meeting-full")


def test_the_minutes_have_a_verdict_on_each_case_written_by_a_participant() -> None:
    meeting.given(convened, joined()).when(HoldMeeting(VERDICTS, "one")).then(held)
    meeting.given(convened, joined(), held).when(HoldMeeting(VERDICTS, "one")).then_nothing()
    other = (ReliefVerdict(relief_id="r1", reason="RR_FUND"),)
    meeting.given(convened, joined(), held).when(HoldMeeting(other, "one")).then_rejected("meeting-over")
    meeting.given(convened, joined()).when(HoldMeeting((), "one")).then_rejected("verdicts-incomplete")
    meeting.given(convened, joined()).when(HoldMeeting(VERDICTS, "two")).then_rejected("not-a-participant")
    meeting.when(HoldMeeting(VERDICTS, "one")).then_rejected("meeting-unknown")
