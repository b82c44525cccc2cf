"""What goes to a member in a plan's period: one stream decides, so two drafts at once cannot both pass its limit."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.decider import Decider, Rejected
from contracts.payments.owing import MemberPeriodDrawn


@dataclass(frozen=True)
class MemberPeriod:
    """What has gone into batches, in fen, and the payouts; `known`: what went out before is in it."""

    drawn_fen: int = 0
    payouts: frozenset[str] = frozenset()
    known: bool = False

    def with_fen(self, payout_id: str, amount_fen: int) -> int:
        """The member's sum once this payout goes out: a new attempt of one that is counted adds nothing."""
        return self.drawn_fen + (0 if payout_id in self.payouts else amount_fen)


def evolve(member: MemberPeriod, event: MemberPeriodDrawn) -> MemberPeriod:
    """The member's period after an event."""
    drawn_fen = member.drawn_fen + event.before_fen + event.amount_fen
    return MemberPeriod(drawn_fen, member.payouts | {event.payout_id}, known=True)


@dataclass(frozen=True)
class DrawMemberPeriod:
    """A payout goes into a batch; `before_fen` is what had gone out to the member before anything was counted here."""

    plan_code: str
    fund: str
    person_id: str
    payout_id: str
    amount_fen: int
    before_fen: int = 0


def member_period_key(plan_code: str, fund: str, person_id: str) -> str:
    """One stream for each member of a plan's fund; a plan's code names one period."""
    return f"{plan_code}.{fund}.{person_id}"


def decide(command: DrawMemberPeriod, member: MemberPeriod) -> list[MemberPeriodDrawn]:
    """Counted once for each payout; whether it passes a limit is asked before, of the same version of this stream."""
    if command.payout_id in member.payouts:
        return []
    if command.amount_fen <= 0:
        raise Rejected("amount-not-positive", "What goes out is more than nothing.", "amount_fen")
    before_fen = 0 if member.known else command.before_fen
    return [MemberPeriodDrawn(**{**vars(command), "before_fen": before_fen})]


MEMBER_PERIOD: Decider[DrawMemberPeriod, MemberPeriod, MemberPeriodDrawn] = Decider(
    "member_period", MemberPeriod(), evolve, decide
)
