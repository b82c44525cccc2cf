"""What relief one person may still receive: a matter is helped once, the cap of the period is kept (domain 12.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from chassis.decider import Decider, Rejected
from claims.domain.relief_plan import ReliefKind
from contracts.claims.relief import ReliefAllowanceTaken, ReliefMatterClaimed, ReliefMatterReleased

CHILD_SCOPE = "relief-child"
"""The reservations that lead from a child's keyed ID number to its random id."""

# State


@dataclass(frozen=True)
class ReliefAllowance:
    """Which case each matter belongs to, and what each case was granted, in fen."""

    holders: Mapping[str, str] = field(default_factory=dict)
    taken: Mapping[str, int] = field(default_factory=dict)

    @property
    def total_fen(self) -> int:
        """What the person has been granted in the period."""
        return sum(self.taken.values())


AllowanceEvent = ReliefMatterClaimed | ReliefMatterReleased | ReliefAllowanceTaken


def evolve(state: ReliefAllowance, event: AllowanceEvent) -> ReliefAllowance:
    """Fold one event."""
    match event:
        case ReliefMatterClaimed(matter=matter, relief_id=relief_id):
            return ReliefAllowance({**state.holders, matter: relief_id}, state.taken)
        case ReliefMatterReleased(matter=matter):
            return ReliefAllowance({key: one for key, one in state.holders.items() if key != matter}, state.taken)
        case ReliefAllowanceTaken(relief_id=relief_id, amount_fen=amount_fen):
            return ReliefAllowance(state.holders, {**state.taken, relief_id: amount_fen})


def matter_of(code: str, kind: ReliefKind, reason: str, happened_on: str, child_id: str) -> str:
    """What may be granted once (domain 2.2): a reason of a year, an event, or a child's year."""
    year = happened_on[:4]
    match kind.once_per:
        case "REASON_AND_YEAR":
            return f"{code}/{reason}/{year}"
        case "EVENT":
            return f"{code}/{happened_on}"
        case "CHILD_AND_YEAR":
            return f"{code}/{child_id}/{year}"


# Commands


@dataclass(frozen=True)
class ClaimMatter:
    """Make the matter this case's."""

    plan_code: str
    subject_id: str
    matter: str
    relief_id: str


@dataclass(frozen=True)
class ReleaseMatter:
    """The case ended without money."""

    plan_code: str
    subject_id: str
    matter: str
    relief_id: str


@dataclass(frozen=True)
class TakeAllowance:
    """Take a grant from the cap."""

    plan_code: str
    subject_id: str
    matter: str
    relief_id: str
    amount_fen: int
    cap_fen: int


AllowanceCommand = ClaimMatter | ReleaseMatter | TakeAllowance


def decide(command: AllowanceCommand, state: ReliefAllowance) -> list[AllowanceEvent]:
    """Events, [] when already so, or Rejected: relief-matter-held, relief-matter-unclaimed, relief-cap-reached."""
    holder = state.holders.get(command.matter)
    match command:
        case ClaimMatter(plan_code, subject_id, matter, relief_id):
            if holder == relief_id:
                return []
            if holder is not None:
                raise Rejected("relief-matter-held", "Relief for this has been asked for already.")
            return [ReliefMatterClaimed(plan_code=plan_code, subject_id=subject_id, matter=matter, relief_id=relief_id)]
        case ReleaseMatter(plan_code, subject_id, matter, relief_id):
            if holder != relief_id:
                return []
            if relief_id in state.taken:
                raise Rejected("relief-granted", "What was granted stays the case's matter.")
            return [
                ReliefMatterReleased(plan_code=plan_code, subject_id=subject_id, matter=matter, relief_id=relief_id)
            ]
        case TakeAllowance():
            return _take(command, state, holder)


def _take(command: TakeAllowance, state: ReliefAllowance, holder: str | None) -> list[AllowanceEvent]:
    if command.relief_id in state.taken:
        return []
    if holder != command.relief_id:
        raise Rejected("relief-matter-unclaimed", "This matter was not registered for this case.")
    if command.amount_fen <= 0:
        raise Rejected("amount-not-positive", "A grant is more than nothing.", "amount_fen")
    if state.total_fen + command.amount_fen > command.cap_fen:
        raise Rejected("relief-cap-reached", "The grant would exceed the person's relief cap of the period.")
    return [
        ReliefAllowanceTaken(
            plan_code=command.plan_code,
            subject_id=command.subject_id,
            matter=command.matter,
            relief_id=command.relief_id,
            amount_fen=command.amount_fen,
        )
    ]


RELIEF_ALLOWANCE: Decider[AllowanceCommand, ReliefAllowance, AllowanceEvent] = Decider(
    "relief_allowance", ReliefAllowance(), evolve, decide
)
