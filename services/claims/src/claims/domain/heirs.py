"""The heirs of a claim on a death: all of the order that inherits, shares of exactly the whole (domain 4.6, 12.17)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chassis.decider import Decider, Rejected
from claims.domain.payees import GUARDIAN, SELF, WHOLE_PERCENT
from claims.domain.relief_plan import HeirRules, needs_of
from contracts.claims.heirs import Heir, HeirsListed
from contracts.claims.v1 import Payee

EQUAL_SHARES, AGREEMENT, BENEFICIARY = "EQUAL_SHARES", "AGREEMENT", "BENEFICIARY"

# State


@dataclass(frozen=True)
class Unlisted:
    """Nobody has named the heirs."""


@dataclass(frozen=True)
class Listed:
    """The heirs as they were named last."""

    listed: HeirsListed


Heirs = Unlisted | Listed


def evolve(_heirs: Heirs, event: HeirsListed) -> Heirs:
    """Fold one event: a later list replaces the earlier."""
    return Listed(event)


# Command


@dataclass(frozen=True)
class ListHeirs:
    """Name all heirs; `payees` are the claim's, to whom the shares belong."""

    listed: HeirsListed
    payees: tuple[Payee, ...]
    rules: HeirRules


def decide(command: ListHeirs, heirs: Heirs) -> list[HeirsListed]:
    """The list, [] when it stands already, or Rejected."""
    match heirs:
        case Unlisted():
            pass
        case Listed(listed):
            if _same(listed, command.listed):
                return []
    _check(command)
    return [command.listed]


def _same(one: HeirsListed, other: HeirsListed) -> bool:
    def told(listed: HeirsListed) -> tuple[object, ...]:
        people = [(heir.relation, heir.payee_id, heir.share_percent, heir.guarded) for heir in listed.heirs]
        return people, listed.division, listed.disputed, listed.documents

    return told(one) == told(other)


def _check(command: ListHeirs) -> None:
    heirs = command.listed.heirs
    if not heirs:
        raise Rejected("heirs-missing", "All heirs of the order that inherits are listed.", "heirs")
    paid = [heir for heir in heirs if not heir.waived]
    if any(heir.payee_id or heir.share_percent for heir in heirs if heir.waived):
        raise Rejected("waiver-with-share", "Who waives has no share.", "heirs")
    if any(not heir.payee_id or heir.share_percent <= 0 for heir in paid):
        raise Rejected("heir-without-payee", "Who does not waive has an account and a share.", "heirs")
    shares = {heir.payee_id: heir.share_percent for heir in paid}
    if len(shares) != len(paid):
        raise Rejected("heir-repeated", "Each heir has an account of their own.", "heirs")
    if sum(shares.values()) != WHOLE_PERCENT:
        raise Rejected("shares-not-100", "The shares must sum to 100 percent.", "heirs")
    if shares != {payee.payee_id: payee.share_percent for payee in command.payees}:
        raise Rejected("heirs-differ", "The heirs with a share are the claim's payees.", "heirs")
    if command.listed.division == EQUAL_SHARES and max(shares.values()) - min(shares.values()) > 1:
        raise Rejected("shares-not-equal", "Without an agreement the shares are equal.", "heirs")
    _check_order(command)


def _check_order(command: ListHeirs) -> None:
    relations = {heir.relation for heir in command.listed.heirs}
    if command.listed.division == BENEFICIARY:
        if relations != {BENEFICIARY}:
            raise Rejected("order-not-due", "A named beneficiary is paid alone.", "heirs")
        return
    if not any(relations <= set(order) for order in command.rules.orders):
        raise Rejected("order-not-due", "Heirs of a later order inherit when none of the earlier lives.", "heirs")


def as_filed(payees: Sequence[Payee]) -> tuple[tuple[Heir, ...], str]:
    """The heirs and the division that a filing states by its payees alone."""
    heirs = tuple(
        Heir(
            heir_id=payee.payee_id,
            relation=payee.relation,
            payee_id=payee.payee_id,
            share_percent=payee.share_percent,
            waived=False,
            guarded=False,
        )
        for payee in payees
    )
    if {payee.relation for payee in payees} == {BENEFICIARY}:
        return heirs, BENEFICIARY
    shares = [payee.share_percent for payee in payees]
    return heirs, EQUAL_SHARES if max(shares) - min(shares) <= 1 else AGREEMENT


def lacking(listed: HeirsListed, rules: HeirRules, total_fen: int) -> tuple[str, ...]:
    """The NEED_ codes of claimants' papers that are missing before this sum may be paid."""
    papers = list(rules.papers)
    if listed.division == AGREEMENT or any(heir.waived for heir in listed.heirs):
        papers.append(rules.agreement)
    if any(heir.guarded for heir in listed.heirs):
        papers.append(rules.guardian)
    if listed.disputed or total_fen > rules.notarial_above_fen:
        papers.append(rules.notarial)
    return needs_of(tuple(papers), frozenset(listed.documents))


def check_payable(heirs: Heirs, rules: HeirRules, payees: Sequence[Payee], total_fen: int) -> None:
    """Before a claim is granted. Raises Rejected heirs-not-listed, heirs-differ, heir-papers-missing.

    A living member, or their guardian, is no heir.
    """
    if all(payee.relation in {SELF, GUARDIAN} for payee in payees):
        return
    match heirs:
        case Unlisted():
            raise Rejected("heirs-not-listed", "List all heirs first.")
        case Listed(listed):
            shares = {heir.payee_id: heir.share_percent for heir in listed.heirs if not heir.waived}
            if shares != {payee.payee_id: payee.share_percent for payee in payees}:
                raise Rejected("heirs-differ", "The payees are not the heirs as listed.")
            if missing := lacking(listed, rules, total_fen):
                raise Rejected("heir-papers-missing", f"Ask the heirs for their papers: {', '.join(missing)}.")


HEIRS: Decider[ListHeirs, Heirs, HeirsListed] = Decider("heirs", Unlisted(), evolve, decide)
