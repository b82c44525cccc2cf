"""The rules of relief money, of heirs and of signals as data: every amount, count and threshold (domain 2.2, 4.5)."""

from __future__ import annotations

from typing import Literal

from contracts.envelope import Value


class PaperRule(Value, frozen=True, kw_only=True):
    """A paper that is needed: one of these kinds, else it is asked for by the NEED_ code (domain 4.7)."""

    need: str
    any_of: tuple[str, ...]


class ReliefReason(Value, frozen=True, kw_only=True):
    """A ground for relief; `self_paid_above_fen` and `hardship` are what the county's figures must show."""

    name: str
    self_paid_above_fen: int = 0
    hardship: bool = False


class ReliefKind(Value, frozen=True, kw_only=True):
    """One kind of relief: how often, which amounts, which papers.

    `exceptional_max_fen` is what the head may grant above the tiers, 0 for never; `not_if_paid` bars what was
    already paid as a benefit; `to_heirs` kinds may be paid after the member's death.
    """

    name: str
    once_per: Literal["REASON_AND_YEAR", "EVENT", "CHILD_AND_YEAR"]
    tiers_fen: tuple[int, ...]
    exceptional_max_fen: int
    not_if_paid: bool
    to_heirs: bool
    reasons: dict[str, ReliefReason]
    papers: tuple[PaperRule, ...]


class HardshipRule(Value, frozen=True, kw_only=True):
    """The classes of domain 4.5, in percent of the local minimum living standard, or of the year's income."""

    deep_percent: int
    relative_percent: int
    accident_percent: int


class ReliefRefusalText(Value, frozen=True, kw_only=True):
    """What a refusal of relief says: the rule's name and a sentence."""

    rule: str
    text: str


class ReliefRules(Value, frozen=True, kw_only=True):
    """Relief money of a plan (互助互济金): paid by the relief fund, capped for a person and period.

    Papers that are asked for are due after `papers_days` and reminded of on `remind_days` after the asking.
    """

    cap_fen: int
    notice_workdays: int
    papers_days: int
    remind_days: tuple[int, ...] = ()
    run_off_days: int
    head_above_fen: int
    meeting_participants_min: int
    kinds: dict[str, ReliefKind]
    hardship: HardshipRule
    refusals: dict[str, ReliefRefusalText]


class HeirRules(Value, frozen=True, kw_only=True):
    """Who inherits and what proves it (domain 4.6): `orders` of heirs, the first that lives inherits alone."""

    orders: tuple[tuple[str, ...], ...]
    papers: tuple[PaperRule, ...]
    agreement: PaperRule
    guardian: PaperRule
    notarial: PaperRule
    notarial_above_fen: int


class SignalRules(Value, frozen=True, kw_only=True):
    """When a signal of domain 4.10 is raised: people with one card, accidents in one unit, days after activation."""

    card_people_max: int
    unit_accidents_min: int
    unit_days: int
    early_days: int


class PhoneRules(Value, frozen=True, kw_only=True):
    """Claims by telephone (domain 4.9): the causes with their sentence, and the days for papers to follow."""

    causes: dict[str, str]
    papers_days: int
    papers: tuple[PaperRule, ...]
    death_papers: tuple[PaperRule, ...]


def needs_of(rules: tuple[PaperRule, ...], kinds: frozenset[str]) -> tuple[str, ...]:
    """The NEED_ codes of the papers that are not among `kinds`, each once, in the rules' order."""
    return tuple(dict.fromkeys(rule.need for rule in rules if not kinds.intersection(rule.any_of)))
