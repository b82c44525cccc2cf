"""What one person may still receive in a plan's period: an incident is claimed once, caps are kept (domain 12.2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from chassis.decider import Decider, Rejected
from claims.domain.benefits import Award
from claims.domain.incident import same_incident
from claims.domain.plan import Plan
from contracts.claims.matching import IncidentReleased
from contracts.claims.process import PersonBarred
from contracts.claims.v1 import BenefitLine, BenefitsAwarded, DuplicateFiled, IncidentClaimed
from contracts.envelope import changed

# State


@dataclass(frozen=True)
class Entitlement:
    """Incidents claimed (key and claim), lines awarded and expected in the period, until when fraud bars the person."""

    incidents: tuple[tuple[str, str], ...] = ()
    refilings: frozenset[str] = frozenset()
    awards: tuple[Award, ...] = ()
    expected: tuple[Award, ...] = ()
    barred_until: str = ""
    released: tuple[tuple[str, str], ...] = ()
    """Incidents whose settlement was taken back after a grant, with that claim."""

    def granted_before(self, incident_key: str) -> tuple[str, ...]:
        """The claims granted for this incident whose settlements were taken back, in their order."""
        return tuple(claim for key, claim in self.released if same_incident(key, incident_key))

    def claim_of(self, incident_key: str) -> str | None:
        """The claim that this incident is already the matter of."""
        return next((claim for key, claim in self.incidents if same_incident(key, incident_key)), None)


EntitlementEvent = IncidentClaimed | DuplicateFiled | BenefitsAwarded | IncidentReleased | PersonBarred


def evolve(state: Entitlement, event: EntitlementEvent) -> Entitlement:
    """Fold one event."""
    match event:
        case IncidentClaimed(incident_key=key, claim_id=claim_id):
            expected = (Award(claim_id, key, code, fen) for code, fen in event.expected_fen.items())
            return replace(state, incidents=(*state.incidents, (key, claim_id)), expected=(*state.expected, *expected))
        case DuplicateFiled(claim_id=claim_id):
            return replace(state, refilings=state.refilings | {claim_id})
        case BenefitsAwarded(claim_id=claim_id, lines=lines):
            key = next((key for key, claim in state.incidents if claim == claim_id), "")
            awards = (Award(claim_id, key, line.benefit_code, line.amount_fen) for line in lines)
            return replace(state, awards=(*state.awards, *awards), expected=_without(state.expected, claim_id))
        case IncidentReleased(claim_id=claim_id):
            left = tuple(entry for entry in state.incidents if entry[1] != claim_id)
            # What was granted is asked back whole, and takes no room from the corrected settlement.
            kept, open_still = _without(state.awards, claim_id), _without(state.expected, claim_id)
            granted = any(award.claim_id == claim_id for award in state.awards)
            gone = tuple(entry for entry in state.incidents if entry[1] == claim_id) if granted else ()
            released = (*state.released, *gone)
            return replace(state, incidents=left, awards=kept, expected=open_still, released=released)
        case PersonBarred(until=until):
            return replace(state, barred_until=max(state.barred_until, until))


def _without(awards: tuple[Award, ...], claim_id: str) -> tuple[Award, ...]:
    return tuple(award for award in awards if award.claim_id != claim_id)


# Commands


@dataclass(frozen=True)
class Limits:
    """The plan's caps of a period, in fen; `once` are the benefits paid at most once in it.

    `times` is for how many claims a benefit is paid in it, where the plan limits that.
    """

    overall_fen: int
    by_benefit: Mapping[str, int]
    once: frozenset[str]
    times: Mapping[str, int] = field(default_factory=dict)


def limits_of(plan: Plan) -> Limits:
    """The caps as the plan states them."""
    return Limits(
        overall_fen=plan.overall_cap_fen,
        by_benefit={code: benefit.period_cap_fen for code, benefit in plan.benefits.items()},
        once=frozenset(code for code, benefit in plan.benefits.items() if benefit.once),
        times={code: benefit.claims_max for code, benefit in plan.benefits.items() if benefit.claims_max},
    )


@dataclass(frozen=True)
class ClaimIncident:
    """Make the incident the matter of this claim, or count a filing of what is already claimed."""

    plan_code: str
    person_id: str
    incident_key: str
    claim_id: str
    channel: str
    expected_fen: Mapping[str, int] = field(default_factory=dict)
    today: str = ""


@dataclass(frozen=True)
class ReleaseIncident:
    """Let the incident of a claim be claimed anew: the claim was withdrawn, or its settlement taken back."""

    plan_code: str
    person_id: str
    claim_id: str


@dataclass(frozen=True)
class BarPerson:
    """Proven fraud: nothing is claimed up to and with the day `until` (domain 4.10)."""

    plan_code: str
    person_id: str
    claim_id: str
    until: str
    by: str


@dataclass(frozen=True)
class AwardBenefits:
    """Take an approved claim's lines from the caps; of lines awarded before, what they give more now."""

    plan_code: str
    person_id: str
    claim_id: str
    lines: tuple[BenefitLine, ...]
    limits: Limits


EntitlementCommand = ClaimIncident | AwardBenefits | ReleaseIncident | BarPerson


def decide(command: EntitlementCommand, state: Entitlement) -> list[EntitlementEvent]:
    """Events, [] when already so, or Rejected: person-barred, incident-unclaimed, assessment-outdated."""
    match command:
        case ClaimIncident():
            return _claim(command, state)
        case AwardBenefits():
            return _award(command, state)
        case ReleaseIncident(plan_code, person_id, claim_id):
            if all(claim != claim_id for _, claim in state.incidents):
                return []
            return [IncidentReleased(plan_code=plan_code, person_id=person_id, claim_id=claim_id)]
        case BarPerson(plan_code, person_id, claim_id, until, by):
            if state.barred_until >= until:
                return []
            return [PersonBarred(plan_code=plan_code, person_id=person_id, claim_id=claim_id, until=until, by=by)]


def _claim(command: ClaimIncident, state: Entitlement) -> list[EntitlementEvent]:
    first = state.claim_of(command.incident_key)
    if first is None:
        if command.today and command.today <= state.barred_until:
            raise Rejected("person-barred", "Nothing can be claimed for this person at present.")
        return [
            IncidentClaimed(
                plan_code=command.plan_code,
                person_id=command.person_id,
                incident_key=command.incident_key,
                claim_id=command.claim_id,
                expected_fen=dict(command.expected_fen),
            )
        ]
    if command.claim_id == first or command.claim_id in state.refilings:
        return []
    return [
        DuplicateFiled(
            plan_code=command.plan_code,
            person_id=command.person_id,
            incident_key=command.incident_key,
            claim_id=command.claim_id,
            first_claim_id=first,
            channel=command.channel,
        )
    ]


def _award(command: AwardBenefits, state: Entitlement) -> list[EntitlementEvent]:
    before = {one.benefit_code: 0 for one in state.awards if one.claim_id == command.claim_id}
    for award in state.awards:
        if award.claim_id == command.claim_id:
            before[award.benefit_code] += award.amount_fen
    lines = tuple(_more(line, before.get(line.benefit_code, 0)) for line in command.lines)
    lines = tuple(line for line in lines if line.amount_fen > 0)
    if before and not lines:
        return []
    if all(claim != command.claim_id for _, claim in state.incidents):
        raise Rejected("incident-unclaimed", "No incident was registered for this claim.")
    if not _fits(command, lines, state):
        raise Rejected("assessment-outdated", "The caps have changed since the assessment; assess the claim again.")
    return [
        BenefitsAwarded(
            plan_code=command.plan_code,
            person_id=command.person_id,
            claim_id=command.claim_id,
            lines=lines,
            raised=bool(before),
        )
    ]


def _more(line: BenefitLine, before_fen: int) -> BenefitLine:
    """What a line gives beyond what it was awarded before."""
    return changed(line, amount_fen=line.amount_fen - before_fen) if before_fen else line


def _fits(command: AwardBenefits, lines: tuple[BenefitLine, ...], state: Entitlement) -> bool:
    """Whether the lines stay within every cap, with what the period has awarded already."""
    totals: dict[str, int] = {}
    entries = [(award.benefit_code, award.claim_id, award.amount_fen) for award in state.awards]
    entries += [(line.benefit_code, command.claim_id, line.amount_fen) for line in lines]
    for code, _, fen in entries:
        totals[code] = totals.get(code, 0) + fen
    # A claim whose line was raised is paid for once all the same.
    counts = Counter(code for code, _ in {(code, claim_id) for code, claim_id, _ in entries})
    limits = command.limits
    return (
        sum(totals.values()) <= limits.overall_fen
        and all(fen <= limits.by_benefit.get(code, 0) for code, fen in totals.items())
        and all(count == 1 for code, count in counts.items() if code in limits.once)
        and all(count <= limits.times.get(code, count) for code, count in counts.items())
    )


ENTITLEMENT: Decider[EntitlementCommand, Entitlement, EntitlementEvent] = Decider(
    "entitlement", Entitlement(), evolve, decide
)
