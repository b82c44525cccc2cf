"""A relief case in every stage: what it does, what it refuses by code, when it stays quiet (domain 4.5)."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from chassis.testing import Spec
from claims.domain.relief import OBJECTIONS_MAX, RELIEF
from claims.domain.relief_commands import (
    AgreeToRelief,
    FollowUpReliefPapers,
    ObjectToRelief,
    RecordReliefArrived,
    RecordReliefReturned,
    ReliefCommand,
    ReopenRelief,
    SettleObjection,
    SupplyReliefPapers,
    WithdrawRelief,
)
from contracts.claims.relief import (
    ReliefPaid,
    ReliefPapersReminded,
    ReliefPapersSupplied,
    ReliefPaymentFailed,
    ReliefReopened,
)
from contracts.claims.v1 import Document
from tests.claims.material import YUAN, payee, sealed
from tests.claims.relief_material import (
    CLOSED_INCOMPLETE,
    COSTLY,
    NOTICE,
    PAID,
    RULES,
    STAGES,
    TO_AGREED,
    WITHDRAWN,
    agreed,
    arrived,
    asked,
    asking,
    deciding,
    filed,
    filing,
    granted,
    objected,
    papers,
    refused,
    settled,
    supplied,
    verdict,
    verified,
    verifying,
)

relief = Spec(RELIEF)
WHY = sealed("p1", "health")
COMMANDS: dict[str, ReliefCommand] = {
    "file": filing(),
    "ask": asking("NEED_KINSHIP"),
    "supply": SupplyReliefPapers(papers("HUKOU_PAGE"), "filer"),
    "follow-up": FollowUpReliefPapers("2022-07-02"),
    "reopen": ReopenRelief((Document(kind="HUKOU_PAGE", sha256="2" * 64),), "2022-08-01", "2024-05-11", "filer"),
    "verify": verifying(by="another"),
    "object": ObjectToRelief("o9", sealed("p1", "health"), "2022-06-03", "neighbour"),
    "settle": SettleObjection("o9", upheld=False, note=None, by="other"),
    "agree": AgreeToRelief(agrees=True, note=None, today="2022-06-11", by="another"),
    "decide": deciding(meeting_id="m2"),
    "withdraw": WithdrawRelief("filer"),
    "arrive": RecordReliefArrived("y", "p1", 1),
    "return": RecordReliefReturned("x", 1, "NAME_MISMATCH"),
}
DONE = ""
"""It does something; [] is written as `-`."""
CLOSED = "relief-closed"
DUE = "relief-step-not-due"
ANSWERS = {
    "file": (DONE, "-", "relief-exists", "-", "-", *["relief-exists"] * 4),
    "ask": ("relief-unknown", DONE, CLOSED, DUE, DUE, *[CLOSED] * 4),
    "supply": ("relief-unknown", DONE, "reopen-first", DUE, DUE, *[CLOSED] * 4),
    "follow-up": ("-",) * 9,
    "reopen": ("relief-unknown", "relief-not-closed", DONE, "relief-not-closed", "relief-not-closed", *[CLOSED] * 4),
    "verify": ("relief-unknown", DONE, CLOSED, DUE, DUE, *[CLOSED] * 4),
    "object": ("notice-over", "notice-over", "notice-over", DONE, *["notice-over"] * 5),
    "settle": ("relief-unknown", "objection-unknown", CLOSED, *["objection-unknown"] * 2, *[CLOSED] * 4),
    "agree": ("relief-unknown", DUE, CLOSED, DONE, DUE, *[CLOSED] * 4),
    "decide": ("relief-unknown", DUE, CLOSED, DUE, DONE, *[CLOSED] * 4),
    "withdraw": ("relief-unknown", DONE, DONE, DONE, DONE, *[CLOSED] * 3, "-"),
    "arrive": (*["relief-not-granted"] * 5, DONE, "payout-not-due", *["relief-not-granted"] * 2),
    "return": (*["relief-not-granted"] * 5, DONE, DONE, *["relief-not-granted"] * 2),
}


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_its_answer_in_every_stage(name: str) -> None:
    for (stage, history), answer in zip(STAGES.items(), ANSWERS[name], strict=True):
        told = relief.given(*history).when(COMMANDS[name])
        if answer == DONE:
            assert told.events, (stage, name)
        elif answer == "-":
            told.then_nothing()
        else:
            told.then_rejected(answer)


def test_relief_is_filed_once_for_a_reason_of_the_plan_within_cover_and_time() -> None:
    relief.when(filing()).then(filed())
    relief.given(filed()).when(filing()).then_nothing()
    relief.given(filed()).when(filing(matter="other")).then_rejected("relief-exists")
    relief.when(filing(reason="HUNGER")).then_rejected("relief-reason-not-listed")
    relief.when(filing(happened_on="2021-12-31")).then_rejected("relief-outside-cover")
    relief.when(filing(happened_on="2023-01-01")).then_rejected("relief-outside-cover")
    relief.when(filing(last_day="2022-05-31")).then_rejected("relief-late")


def test_relief_is_paid_to_the_living_member_or_to_the_heirs_where_the_plan_says_so() -> None:
    relief.when(filing(payees=(payee("h", "SPOUSE"),))).then_rejected("payee-not-member")
    relief.when(filing(died=True)).then_rejected("relief-not-to-heirs")
    heirs = (payee("a", "SPOUSE", 50), payee("b", "CHILD", 50))
    care = {"kind": "RELIEF_CARE", "reason": "BEREAVEMENT"}
    relief.when(filing(died=True, payees=heirs, **care)).then(filed(payees=heirs, **care))
    relief.when(filing(died=True, **care)).then_rejected("payee-deceased")
    relief.when(filing(died=True, payees=heirs[:1], **care)).then_rejected("shares-not-100")


def test_help_with_studies_names_the_child_and_other_relief_none() -> None:
    study = {"kind": "RELIEF_STUDY", "reason": "ADMISSION"}
    relief.when(filing(**study)).then_rejected("relief-child-missing")
    relief.when(filing(child_id="k1", **study)).then(filed(child_id="k1", **study))
    relief.when(filing(child_id="k1")).then_rejected("relief-child-missing")


def test_papers_are_asked_for_all_at_once_and_come_in() -> None:
    ask = asking("NEED_KINSHIP")
    relief.given(filed()).when(ask).then(asked())
    relief.given(filed(), asked()).when(ask).then_nothing()
    relief.given(filed()).when(asking()).then_rejected("needs-missing")
    own = asking("NEED_KINSHIP", by="filer")
    relief.given(filed()).when(own).then_rejected("filer-verifies")
    supply = SupplyReliefPapers(papers("KINSHIP_PROOF"), "filer")
    bare = filed(documents=())
    relief.given(bare, asked()).when(supply).then(supplied("KINSHIP_PROOF"))
    relief.given(bare, asked(), supplied("KINSHIP_PROOF")).when(supply).then_nothing()


def reminded(day: int, next_on: str) -> ReliefPapersReminded:
    return ReliefPapersReminded(
        relief_id="r1", relief_no="RL22-1", person_id="p1", day=day, next_on=next_on, due_on="2022-07-01"
    )


def test_missing_papers_are_reminded_of_each_day_once_and_then_close_the_case() -> None:
    waiting, first = relief.given(filed(), asked()), reminded(7, "2022-06-21")
    waiting.when(FollowUpReliefPapers("2022-06-07")).then_nothing()
    waiting.when(FollowUpReliefPapers("2022-06-08")).then(first)
    waiting.given(first).when(FollowUpReliefPapers("2022-06-20")).then_nothing()
    waiting.when(FollowUpReliefPapers("2022-06-28")).then(reminded(27, "2022-07-02"))
    waiting.when(FollowUpReliefPapers("2022-07-01")).then(reminded(27, "2022-07-02"))
    waiting.when(FollowUpReliefPapers("2022-07-02")).then(CLOSED_INCOMPLETE)
    waiting.given(CLOSED_INCOMPLETE).when(FollowUpReliefPapers("2022-07-03")).then_nothing()
    waiting.given(verified(), NOTICE).when(FollowUpReliefPapers("2022-07-03")).then_nothing()


def test_papers_asked_for_before_there_were_reminders_close_the_case_too() -> None:
    old = msgspec.structs.replace(asked(), asked_on="", remind_days=(), next_on="")
    relief.given(filed(), old).when(FollowUpReliefPapers("2022-07-01")).then_nothing()
    relief.given(filed(), old).when(FollowUpReliefPapers("2022-07-02")).then(CLOSED_INCOMPLETE)


def test_a_better_picture_of_a_paper_that_was_asked_for_is_what_was_asked_for() -> None:
    clear = (Document(kind="APPLICATION_FORM", sha256="1" * 64),)
    came = ReliefPapersSupplied(relief_id="r1", documents=clear, by="filer")
    waiting, supply = relief.given(filed(), asked()), SupplyReliefPapers(clear, "filer")
    waiting.when(supply).then(came)
    waiting.given(came).when(supply).then_nothing()
    waiting.given(came).when(FollowUpReliefPapers("2022-07-02")).then_nothing()
    waiting.when(SupplyReliefPapers(papers("APPLICATION_FORM"), "filer")).then_nothing()


def test_a_case_closed_for_want_of_papers_is_reopened_with_them_in_time() -> None:
    documents = papers("HUKOU_PAGE")
    shut = relief.given(filed(documents=()), asked(), CLOSED_INCOMPLETE)
    command = ReopenRelief(documents, "2024-05-11", "2024-05-11", "filer")
    again = ReliefReopened(relief_id="r1", documents=documents, by="filer")
    shut.when(command).then(again)
    shut.given(again).when(command).then_nothing()
    shut.when(replace(command, today="2024-05-12")).then_rejected("relief-late")
    shut.when(replace(command, documents=())).then_rejected("papers-missing")


def test_the_county_confirms_with_all_papers_and_the_notice_begins() -> None:
    relief.given(filed()).when(verifying()).then(verified(), NOTICE)
    relief.given(filed(), verified(), NOTICE).when(verifying()).then_nothing()
    relief.given(filed(documents=())).when(verifying()).then_rejected("papers-missing")
    relief.given(filed()).when(verifying(by="filer")).then_rejected("filer-verifies")


def test_what_the_county_does_not_confirm_is_never_published() -> None:
    doubted = verified(confirmed=False, eligible=False)
    relief.given(filed(documents=())).when(verifying(confirmed=False)).then(doubted)
    relief.given(filed(), doubted).when(ObjectToRelief("o1", sealed("p1", "health"), "2022-06-03", "x")).then_rejected(
        "notice-over"
    )


def test_the_households_figures_decide_whether_the_reason_holds() -> None:
    costs = filed(reason="OWN_COST")
    relief.given(costs).when(verifying(household=COSTLY)).then(verified(hardship=""), NOTICE)
    relief.given(filed()).when(verifying(household=COSTLY)).then(verified(hardship="", eligible=False), NOTICE)


def test_an_objection_is_recorded_while_the_notice_runs_and_looked_into_by_others() -> None:
    shown = (filed(), verified(), NOTICE)
    objecting = ObjectToRelief("o1", sealed("p1", "health"), "2022-06-03", "neighbour")
    relief.given(*shown).when(objecting).then(objected())
    relief.given(*shown, objected()).when(objecting).then_nothing()
    late = ObjectToRelief("o1", sealed("p1", "health"), "2022-06-11", "neighbour")
    relief.given(*shown).when(late).then_rejected("notice-over")
    many = [objected(f"n{number}") for number in range(OBJECTIONS_MAX)]
    relief.given(*shown, *many).when(objecting).then_rejected("objections-too-many")
    settling = SettleObjection("o1", upheld=False, note=None, by="other")
    relief.given(*shown, objected()).when(settling).then(settled())
    relief.given(*shown, objected(), settled()).when(settling).then_nothing()
    for hand in ("filer", "county"):
        own = SettleObjection("o1", upheld=False, note=None, by=hand)
        relief.given(*shown, objected()).when(own).then_rejected("same-hands")


def test_the_prefecture_agrees_after_the_notice_and_every_objection_with_other_hands() -> None:
    shown = (filed(), verified(), NOTICE)
    agreeing = AgreeToRelief(agrees=True, note=None, today="2022-06-11", by="city")
    relief.given(*shown).when(agreeing).then(agreed())
    relief.given(*TO_AGREED).when(agreeing).then_nothing()
    relief.given(*shown).when(AgreeToRelief(agrees=True, note=None, today="2022-06-10", by="city")).then_rejected(
        "notice-running"
    )
    relief.given(*shown, objected()).when(agreeing).then_rejected("objection-open")
    for hand in ("filer", "county"):
        relief.given(*shown).when(AgreeToRelief(agrees=True, note=None, today="2022-06-11", by=hand)).then_rejected(
            "same-hands"
        )
    other = AgreeToRelief(agrees=True, note=None, today="2022-06-11", by="other")
    relief.given(*shown, objected(), settled()).when(other).then_rejected("same-hands")


def test_the_meeting_grants_a_tier_of_the_plan() -> None:
    relief.given(*TO_AGREED).when(deciding()).then(granted())
    relief.given(*TO_AGREED, granted()).when(deciding()).then_nothing()
    for fen in (1_500 * YUAN, 4_000 * YUAN, 50_001 * YUAN):
        relief.given(*TO_AGREED).when(deciding(verdict(fen))).then_rejected("amount-not-in-tiers")


def test_above_the_tiers_the_head_decides_with_a_reason() -> None:
    large = verdict(20_000 * YUAN, note=WHY)
    relief.given(*TO_AGREED).when(deciding(large)).then_rejected("head-missing")
    with_head = deciding(large, heads=frozenset({"two"}))
    relief.given(*TO_AGREED).when(with_head).then(granted(20_000 * YUAN, exceptional=True, note=WHY))
    silent = deciding(verdict(20_000 * YUAN), heads=frozenset({"two"}))
    relief.given(*TO_AGREED).when(silent).then_rejected("amount-not-in-tiers")


@pytest.mark.parametrize("hand", ["filer", "county", "city", "other"])
def test_who_had_a_hand_in_a_case_abstains_from_it(hand: str) -> None:
    history = (filed(), verified(), NOTICE, objected(), settled(), agreed())
    relief.given(*history).when(deciding(participants=("one", hand))).then_rejected("deciders-too-few")
    relief.given(*history).when(deciding(by=hand, participants=("one", "two", hand))).then_rejected("same-hands")
    (event,) = relief.given(*history).when(deciding(participants=("one", "two", hand))).events
    assert event.decided_by == ("one", "two")
    assert set(event.reviewed_by) == {"filer", "county", "other", "city", "one", "two"}
    large = deciding(verdict(20_000 * YUAN, note=WHY), participants=("one", "two", hand), heads=frozenset({hand}))
    relief.given(*history).when(large).then_rejected("head-missing")


def test_the_meeting_refuses_by_a_code_of_the_plan() -> None:
    relief.given(*TO_AGREED).when(deciding(verdict(0, reason="RR_FUND"))).then(refused())
    relief.given(*TO_AGREED, refused()).when(deciding(verdict(0, reason="RR_FUND"))).then_nothing()
    relief.given(*TO_AGREED).when(deciding(verdict(0, reason="RR_NONE"))).then_rejected("reason-not-listed")
    relief.given(*TO_AGREED).when(deciding(verdict(0))).then_rejected("verdict-unclear")
    relief.given(*TO_AGREED).when(deciding(verdict(reason="RR_FUND"))).then_rejected("verdict-unclear")


def test_nothing_is_granted_against_county_notice_prefecture_criteria_or_a_benefit() -> None:
    doubted = (filed(), verified(confirmed=False, eligible=False), agreed())
    relief.given(*doubted).when(deciding()).then_rejected("relief-not-confirmed")
    upheld = (filed(), verified(), NOTICE, objected(), settled(upheld=True), agreed())
    relief.given(*upheld).when(deciding()).then_rejected("objection-upheld")
    against = (filed(), verified(), NOTICE, agreed(agrees=False))
    relief.given(*against).when(deciding()).then_rejected("relief-not-agreed")
    unfit = (filed(), verified(eligible=False), NOTICE, agreed())
    relief.given(*unfit).when(deciding()).then_rejected("criteria-not-met")
    condolence = deciding(verdict(50_000), kind=RULES.kinds["RELIEF_CONDOLENCE"], paid_elsewhere=True)
    relief.given(*TO_AGREED).when(condolence).then_rejected("already-paid")
    for history in (doubted, upheld, against, unfit):
        assert relief.given(*history).when(deciding(verdict(0, reason="RR_CRITERIA"))).events


def test_only_the_member_or_the_filer_takes_it_back() -> None:
    relief.given(filed()).when(WithdrawRelief("filer")).then(WITHDRAWN)
    assert relief.given(filed()).when(WithdrawRelief("p1")).events
    relief.given(filed()).when(WithdrawRelief("county")).then_rejected("not-the-filer")


def test_money_arrives_once_and_may_come_back_and_arrive_again() -> None:
    given = (*TO_AGREED, granted())
    arriving = RecordReliefArrived("x", "p1", 2_000 * YUAN)
    relief.given(*given).when(arriving).then(arrived(), PAID)
    relief.given(*given, arrived(), PAID).when(arriving).then_nothing()
    relief.given(*given).when(RecordReliefArrived("x", "p1", 2_000 * YUAN + 1)).then_rejected("payout-not-due")
    failing = RecordReliefReturned("x", 1, "NAME_MISMATCH")
    failed = ReliefPaymentFailed(relief_id="r1", payout_id="x", attempt=1, reason="NAME_MISMATCH")
    relief.given(*given, arrived(), PAID).when(failing).then(failed)
    relief.given(*given, arrived(), PAID, failed).when(failing).then_nothing()
    relief.given(*given, arrived(), PAID, failed).when(arriving).then(arrived(), PAID)


def test_relief_in_shares_is_paid_when_the_last_share_has_arrived() -> None:
    given = (*TO_AGREED, granted())
    half = RecordReliefArrived("y", "p2", 1_000 * YUAN)
    first = arrived(1_000 * YUAN)
    events = relief.given(*given, first).when(half).events
    assert events[-1] == ReliefPaid(relief_id="r1", person_id="p1", amount_fen=2_000 * YUAN)
    assert len(relief.given(*given).when(half).events) == 1
