"""Who may be paid (domain 4.6): a living member alone, else heirs whose shares are exactly the whole."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.decider import Rejected
from contracts.claims.v1 import Payee

SELF = "SELF"
WHOLE_PERCENT = 100


def check_payees(payees: Sequence[Payee], *, died: bool) -> None:
    """Raises Rejected payees-missing, shares-not-100, payee-repeated, payee-deceased, payee-not-member."""
    if not payees or any(payee.share_percent <= 0 for payee in payees):
        raise Rejected("payees-missing", "At least one payee with a share is needed.", "payees")
    if sum(payee.share_percent for payee in payees) != WHOLE_PERCENT:
        raise Rejected("shares-not-100", "The payees' shares must sum to 100 percent.", "payees")
    if len({payee.payee_id for payee in payees}) != len(payees):
        raise Rejected("payee-repeated", "Each payee is named once.", "payees")
    selves = [payee.relation == SELF for payee in payees]
    if died and any(selves):
        raise Rejected("payee-deceased", "A death is paid to heirs.", "payees")
    if not died and selves != [True]:
        raise Rejected("payee-not-member", "A living member is paid to their own account only.", "payees")
