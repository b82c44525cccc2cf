"""Who is paid, and which claims may name it later (domain 4.6, 4.9, 6.4)."""

from __future__ import annotations

from chassis.decider import Rejected
from contracts.claims.v1 import ClaimFiled, Payee

WITHOUT_PAYEES = ("DATA_MATCH", "HOTLINE")


def check_filed_payees(filed: ClaimFiled) -> None:
    """Matched, telephoned and urgent claims may be filed without; nothing is approved before they are named."""
    if filed.payees or not (filed.channel in WITHOUT_PAYEES or filed.urgent):
        check_payees(filed.payees, died=bool(filed.incident.died_on))


def check_payees(payees: tuple[Payee, ...], *, died: bool) -> None:
    """Domain 4.6: a living member is paid alone; heirs share exactly 100 percent."""
    if not payees or any(payee.share_percent <= 0 for payee in payees):
        raise Rejected("payees-missing", "At least one payee with a share is needed.", "payees")
    if sum(payee.share_percent for payee in payees) != 100:
        raise Rejected("shares-not-100", "The payees' shares must sum to 100 percent.", "payees")
    if len({payee.payee_id for payee in payees}) != len(payees):
        raise Rejected("payee-repeated", "Each payee is named once.", "payees")
    selves = [payee.relation == "SELF" for payee in payees]
    if died and any(selves):
        raise Rejected("payee-deceased", "A death is paid to heirs.", "payees")
    if not died and selves != [True]:
        raise Rejected("payee-not-member", "A living member is paid to their own account only.", "payees")
