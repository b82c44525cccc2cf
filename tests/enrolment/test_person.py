"""A person in every stage: what each command does, refuses by code, and is quiet about; invariants by name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chassis.testing import Spec
from contracts.enrolment.people import (
    ConsentGiven,
    ConsentWithdrawn,
    ContactChanged,
    CoverageMoved,
    DeathWithdrawn,
    EmploymentChanged,
    ErasureBegun,
    IdentityNumberCorrected,
    NameCorrected,
    PersonErased,
    ProcessingRestricted,
    RestrictionLifted,
)
from contracts.enrolment.v1 import CoverageGranted, DeathRecorded, PersonRegistered
from contracts.envelope import Sealed
from enrolment.domain.consent import CONSENT, GiveConsent, WithdrawConsent
from enrolment.domain.coverage import COVERAGE, MoveCoverage
from enrolment.domain.person import PERSON
from enrolment.domain.person_commands import (
    ChangeContact,
    ChangeEmployment,
    CompleteErasure,
    CorrectIdentityNumber,
    CorrectName,
    LiftRestriction,
    PersonCommand,
    RecordDeath,
    RegisterPerson,
    RequestErasure,
    RestrictProcessing,
    WithdrawDeath,
)
from enrolment.domain.person_stages import Deceased, PersonEvent, Registered, Restricted

TODAY = "2022-06-01"


def sealed(what: str) -> Sealed:
    return Sealed(suite="A256GCM", s="p", k="identity", v=1, e=what, c="")


register = RegisterPerson(person_id="p", identity=sealed("i"), contact=sealed("c"), sex="M", birth_year=1985)
registered = PersonRegistered(person_id="p", identity=sealed("i"), contact=sealed("c"), sex="M", birth_year=1985)
death = RecordDeath(person_id="p", died_on="2022-05-01", today=TODAY)
died = DeathRecorded(person_id="p", died_on="2022-05-01")
withdraw = WithdrawDeath(person_id="p", reason="OTHER_PERSON", today=TODAY, by="u")
withdrawn = DeathWithdrawn(person_id="p", withdrawn_on=TODAY, reason="OTHER_PERSON", by="u")
told = {"effective_on": "2022-05-20", "source": "COUNTY", "by": "u"}
work = ChangeEmployment(
    person_id="p", employer=sealed("e"), same_employer=False, occupation="COURIER", organization="620722",
    org_path="620000.620700.620722", division_code="620722", today=TODAY, **told,
)  # fmt: skip
worked = EmploymentChanged(
    person_id="p", employer=sealed("e"), occupation="COURIER", organization="620722",
    org_path="620000.620700.620722", division_code="620722", **told,
)  # fmt: skip
mobile = ChangeContact(person_id="p", contact=sealed("c2"), same=False, today=TODAY, **told)
mobile_changed = ContactChanged(person_id="p", contact=sealed("c2"), **told)
name = CorrectName(person_id="p", identity=sealed("i2"), contact=sealed("c3"), same=False, today=TODAY, **told)
name_corrected = NameCorrected(person_id="p", identity=sealed("i2"), contact=sealed("c3"), **told)
number = CorrectIdentityNumber(
    person_id="p", identity=sealed("i3"), sex="F", birth_year=1986, same=False, holder="", today=TODAY, **told
)
number_corrected = IdentityNumberCorrected(person_id="p", identity=sealed("i3"), sex="F", birth_year=1986, **told)
restrict = RestrictProcessing(person_id="p", today=TODAY, by="u")
restricted = ProcessingRestricted(person_id="p", reason="ON_REQUEST", from_on=TODAY, until="", by="u")
lift = LiftRestriction(person_id="p", today=TODAY, by="u")
lifted = RestrictionLifted(person_id="p", lifted_on=TODAY, by="u")
erase = RequestErasure(person_id="p", kept_for="", kept_until="", today=TODAY, by="u")
begun = ErasureBegun(person_id="p", begun_on=TODAY, by="u")
wait = replace(erase, kept_for="COVER_KEPT", kept_until="2030-01-01")
waiting = ProcessingRestricted(person_id="p", reason="COVER_KEPT", from_on=TODAY, until="2030-01-01", by="u")
complete = CompleteErasure(person_id="p", categories=("identity",), today=TODAY)
erased = PersonErased(person_id="p", erased_on=TODAY, categories=("identity",))

person = Spec(PERSON)
alive = person.given(registered)
dead = alive.given(died)
frozen = alive.given(restricted)
leaving = alive.given(begun)
gone = leaving.given(erased)
CHANGES: list[tuple[PersonCommand, PersonEvent]] = [
    (work, worked),
    (mobile, mobile_changed),
    (name, name_corrected),
    (number, number_corrected),
]
COMMANDS: list[PersonCommand] = [
    register, death, withdraw, work, mobile, name, number, restrict, lift, erase, wait, complete
]  # fmt: skip


@pytest.mark.parametrize(("command", "event"), CHANGES)
def test_a_change_is_recorded_with_its_day_and_source(command: PersonCommand, event: PersonEvent) -> None:
    alive.when(command).then(event)


@pytest.mark.parametrize("command", [replace(one, same=True) for one in (mobile, name, number)])
def test_a_change_to_what_is_recorded_is_quiet(command: PersonCommand) -> None:
    alive.when(command).then_nothing()


@pytest.mark.parametrize(("command", "_event"), CHANGES)
def test_a_change_of_tomorrow_is_refused(command: PersonCommand, _event: PersonEvent) -> None:
    alive.when(replace(command, effective_on="2022-06-02")).then_rejected("change-in-future")  # type: ignore[arg-type]


def test_the_same_employment_is_quiet_and_an_earlier_one_is_refused() -> None:
    alive.given(worked).when(replace(work, same_employer=True, effective_on="2022-05-25")).then_nothing()
    alive.given(worked).when(replace(work, effective_on="2022-05-19")).then_rejected("employment-before-last")
    again = replace(work, occupation="TRUCK_DRIVER", effective_on="2022-05-21")
    assert alive.given(worked).when(again).events[0].occupation == "TRUCK_DRIVER"


def test_a_number_that_is_another_persons_is_refused() -> None:
    alive.when(replace(number, holder="q")).then_rejected("number-of-another")
    alive.when(replace(number, holder="p")).then(number_corrected)


def test_of_the_dead_only_documents_are_corrected() -> None:
    dead.when(work).then_rejected("member-deceased")
    dead.when(mobile).then_rejected("member-deceased")
    dead.when(name).then(name_corrected)
    dead.when(number).then(number_corrected)


def test_a_death_is_withdrawn_once_and_may_be_recorded_again() -> None:
    dead.when(withdraw).then(withdrawn)
    dead.given(withdrawn).when(withdraw).then_nothing()
    dead.given(withdrawn).when(replace(death, died_on="2022-05-02")).then(replace_died("2022-05-02"))
    alive.when(withdraw).then_nothing()


def replace_died(day: str) -> DeathRecorded:
    return DeathRecorded(person_id="p", died_on=day)


def test_a_restriction_is_made_and_lifted_once() -> None:
    alive.when(restrict).then(restricted)
    dead.when(restrict).then(restricted)
    frozen.when(restrict).then_nothing()
    frozen.when(lift).then(lifted)
    frozen.given(lifted).when(lift).then_nothing()
    alive.when(lift).then_nothing()


@pytest.mark.parametrize(("command", "_event"), CHANGES)
def test_restricted_data_are_not_changed(command: PersonCommand, _event: PersonEvent) -> None:
    frozen.when(command).then_rejected("member-restricted")


def test_a_death_is_recorded_and_withdrawn_under_restriction_too() -> None:
    frozen.when(death).then(died)
    frozen.given(died).when(death).then_nothing()
    frozen.given(died).when(withdraw).then(withdrawn)


def test_an_erasure_begins_at_once_when_nothing_has_to_be_kept() -> None:
    for before in (alive, dead, frozen):
        before.when(erase).then(begun)
        before.when(replace(wait, kept_until=TODAY)).then(begun)
    leaving.when(erase).then_nothing()
    gone.when(erase).then_nothing()


def test_an_erasure_that_retention_forbids_restricts_until_its_day() -> None:
    alive.when(wait).then(waiting)
    alive.given(waiting).when(wait).then_nothing()
    frozen.when(wait).then(waiting)
    later = replace(wait, kept_for="CLAIM_KEPT", kept_until="2058-01-01")
    assert alive.given(waiting).when(later).events[0].until == "2058-01-01"
    alive.given(waiting).when(replace(wait, today="2030-01-01")).then(
        ErasureBegun(person_id="p", begun_on="2030-01-01", by="u")
    )
    alive.given(waiting).when(lift).then(lifted)


def test_an_erasure_is_completed_once_and_only_after_it_has_begun() -> None:
    leaving.when(complete).then(erased)
    gone.when(complete).then_nothing()
    for before in (alive, dead, frozen):
        before.when(complete).then_rejected("erasure-not-begun")


@pytest.mark.parametrize("command", COMMANDS)
def test_nobody_is_asked_for_in_vain(command: PersonCommand) -> None:
    if isinstance(command, RegisterPerson):
        person.when(command).then(registered)
    else:
        person.when(command).then_rejected("member-unknown")


@pytest.mark.parametrize("command", [one for one in COMMANDS if one not in (register, erase, wait, complete)])
def test_an_erased_person_is_changed_by_nothing(command: PersonCommand) -> None:
    leaving.when(command).then_rejected("member-erased")
    gone.when(command).then_rejected("member-erased")


@pytest.mark.parametrize("stage", [alive, dead, frozen, leaving, gone])
def test_a_registration_is_quiet_in_every_later_stage(stage: Spec[PersonCommand, object, PersonEvent]) -> None:
    stage.when(register).then_nothing()


def test_the_state_keeps_the_last_values_with_the_field_they_were_sealed_in() -> None:
    state = PERSON.initial
    for event in (registered, mobile_changed, name_corrected, worked, restricted, died, number_corrected):
        state = PERSON.evolve(state, event)
    assert isinstance(state, Restricted)
    assert isinstance(state.before, Deceased)
    kept = state.before.before
    assert isinstance(kept, Registered)
    assert (kept.identity.sealed, kept.identity.field) == (
        sealed("i3"),
        "enrolment.identity-number-corrected.v1/identity",
    )
    assert kept.contact is not None
    assert (kept.contact.sealed, kept.contact.field) == (sealed("c3"), "enrolment.name-corrected.v1/contact")
    assert kept.employment is not None
    assert kept.employment.effective_on == "2022-05-20"


granted = CoverageGranted(
    plan_code="P", plan_version=1, person_id="p", batch_id="b", row_no=1, effective_on="2022-01-01",
    ends_on="2023-01-01", occupation="COURIER", org_path="620000.620700.620725", division_code="620725",
)  # fmt: skip
move = MoveCoverage(
    plan_code="P", person_id="p", occupation="COURIER", org_path="620000.620700.620722", division_code="620722",
    effective_on="2022-05-20", source="COUNTY",
)  # fmt: skip
moved = CoverageMoved(
    plan_code="P", person_id="p", occupation="COURIER", org_path="620000.620700.620722", division_code="620722",
    left_occupation="COURIER", left_org_path="620000.620700.620725", left_division_code="620725",
    effective_on="2022-05-20", source="COUNTY",
)  # fmt: skip
cover = Spec(COVERAGE).given(granted)


def test_a_cover_follows_the_person_once() -> None:
    cover.when(move).then(moved)
    cover.given(moved).when(move).then_nothing()


def test_a_cover_that_has_ended_or_stands_there_already_does_not_move() -> None:
    cover.when(replace(move, effective_on="2023-01-01")).then_nothing()
    cover.when(replace(move, org_path="620000.620700.620725", division_code="620725")).then_nothing()


def test_a_cover_never_moves_before_its_last_place() -> None:
    assert cover.when(replace(move, effective_on="2021-12-01")).events[0].effective_on == "2022-01-01"
    back = replace(move, org_path="620000.620700.620725", division_code="620725", effective_on="2022-05-01")
    assert cover.given(moved).when(back).events[0].effective_on == "2022-05-20"


def test_two_moves_of_one_day_leave_what_held_before_both() -> None:
    third = replace(move, org_path="620000.620700.620723", division_code="620723")
    assert cover.given(moved).when(third).events[0].left_org_path == "620000.620700.620725"
    at_the_start = cover.when(replace(third, effective_on="2022-01-01")).events[0]
    assert at_the_start.left_org_path == "620000.620700.620723", "it was never anywhere else"


def test_nobodys_cover_moves() -> None:
    Spec(COVERAGE).when(move).then_rejected("cover-unknown")


def test_a_consent_is_given_and_withdrawn_once_for_each_purpose() -> None:
    consent = Spec(CONSENT)
    give = GiveConsent(person_id="p", purpose="AUTO_PAY", today=TODAY, by="p")
    given = ConsentGiven(person_id="p", purpose="AUTO_PAY", given_on=TODAY, by="p")
    back = WithdrawConsent(person_id="p", purpose="AUTO_PAY", today=TODAY, by="p")
    taken = ConsentWithdrawn(person_id="p", purpose="AUTO_PAY", withdrawn_on=TODAY, by="p")
    consent.when(give).then(given)
    consent.given(given).when(give).then_nothing()
    consent.given(given).when(back).then(taken)
    consent.given(given, taken).when(back).then_nothing()
    consent.when(back).then_nothing()
    consent.given(given, taken).when(give).then(given)
    consent.given(given).when(replace(give, purpose="MESSAGES")).then(
        ConsentGiven(person_id="p", purpose="MESSAGES", given_on=TODAY, by="p")
    )
    for unknown in (replace(give, purpose="SALE"), replace(back, purpose="SALE")):
        consent.when(unknown).then_rejected("purpose-unknown")
