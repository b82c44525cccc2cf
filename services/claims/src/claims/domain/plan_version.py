"""A version of a plan's rules: signed by the head of the office and by the committee, then adopted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from chassis.decider import Decider, Rejected
from contracts.claims.rules import PlanVersionAdopted, PlanVersionSigned

SIGNERS = ("office_head", "supervisor")
"""Both roles sign, each by another person."""

# State: one class per stage


@dataclass(frozen=True)
class Unsigned:
    """Nobody has signed."""


@dataclass(frozen=True)
class Signed:
    """One of the two has signed; `by` the signer of each role."""

    rules_sha256: str
    by: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Adopted:
    """Both have signed the same rules."""

    rules_sha256: str
    by: Mapping[str, str]


PlanVersion = Unsigned | Signed | Adopted
PlanVersionEvent = PlanVersionSigned | PlanVersionAdopted


def evolve(version: PlanVersion, event: PlanVersionEvent) -> PlanVersion:
    """Fold one event."""
    match event, version:
        case PlanVersionSigned(), Unsigned():
            return Signed(event.rules_sha256, {event.role: event.by})
        case PlanVersionSigned(), Signed(rules_sha256, by):
            return Signed(rules_sha256, {**by, event.role: event.by})
        case PlanVersionAdopted(), Signed(rules_sha256, by):
            return Adopted(rules_sha256, by)
        case _:
            raise ValueError(f"{type(event).__name__} after {type(version).__name__}")


# Commands


@dataclass(frozen=True)
class SignPlanVersion:
    """Sign the rules that have this digest; `current_sha256` is that of the file in use."""

    plan_code: str
    plan_version: int
    rules_sha256: str
    current_sha256: str
    role: str
    by: str


def decide(command: SignPlanVersion, version: PlanVersion) -> list[PlanVersionEvent]:
    """Events, [] when signed already, or Rejected: rules-differ, role-not-signing, role-signed, same-signer."""
    if command.rules_sha256 != command.current_sha256:
        raise Rejected("rules-differ", "These are not the rules in use; read them again.", "rules_sha256")
    if command.role not in SIGNERS:
        raise Rejected("role-not-signing", "The head of the office and the committee sign.")
    match version:
        case Unsigned():
            return [_signed(command)]
        case Signed(rules_sha256, by) | Adopted(rules_sha256, by):
            if command.rules_sha256 != rules_sha256:
                raise Rejected("rules-differ", "A version that was signed is not changed: publish the next one.")
            if by.get(command.role) == command.by:
                return []
            if command.role in by:
                raise Rejected("role-signed", "This role has signed already.")
            if command.by in by.values():
                raise Rejected("same-signer", "The two signatures are of different people.")
            both = {**by, command.role: command.by}
            return [
                _signed(command),
                PlanVersionAdopted(
                    plan_code=command.plan_code,
                    plan_version=command.plan_version,
                    rules_sha256=command.rules_sha256,
                    signed_by=tuple(both[role] for role in SIGNERS),
                ),
            ]


def _signed(command: SignPlanVersion) -> PlanVersionSigned:
    return PlanVersionSigned(
        plan_code=command.plan_code,
        plan_version=command.plan_version,
        rules_sha256=command.rules_sha256,
        role=command.role,
        by=command.by,
    )


def version_key(plan_code: str, plan_version: int) -> str:
    """The key of a version's stream."""
    return f"{plan_code}-v{plan_version}"


def signers_of(version: PlanVersion, current_sha256: str) -> tuple[str, ...]:
    """The two who signed the rules in use: what is paid automatically counts as approved by them; () without both."""
    match version:
        case Adopted(rules_sha256, by) if rules_sha256 == current_sha256:
            return tuple(by[role] for role in SIGNERS)
        case Unsigned() | Signed() | Adopted():
            return ()


PLAN_VERSION: Decider[SignPlanVersion, PlanVersion, PlanVersionEvent] = Decider("plan", Unsigned(), evolve, decide)
