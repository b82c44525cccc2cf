"""Who may be paid and who may act (domain 4.3, 4.6): a living member alone, else heirs; a relative is never paid."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.decider import Rejected
from contracts.claims.v1 import Agent, ClaimFiled, Document, Payee

SELF, GUARDIAN = "SELF", "GUARDIAN"
WHOLE_PERCENT = 100
WITHOUT_PAYEES = ("DATA_MATCH", "HOTLINE")
AGENT_PAPERS = frozenset({"KINSHIP_PROOF", "AGENT_AUTHORITY"})


def check_filed_payees(filed: ClaimFiled) -> None:
    """Matched, telephoned and urgent claims may be filed without payees; nothing is approved before they are named."""
    if filed.payees or not (filed.channel in WITHOUT_PAYEES or filed.urgent):
        check_payees(filed.payees, died=bool(filed.incident.died_on))
    if filed.agent is not None:
        check_agent(filed.agent, filed.documents, filed.payees)


def check_payees(payees: Sequence[Payee], *, died: bool) -> None:
    """Raises Rejected payees-missing, shares-not-100, payee-repeated, payee-deceased, payee-not-member."""
    if not payees or any(payee.share_percent <= 0 for payee in payees):
        raise Rejected("payees-missing", "At least one payee with a share is needed.", "payees")
    if sum(payee.share_percent for payee in payees) != WHOLE_PERCENT:
        raise Rejected("shares-not-100", "The payees' shares must sum to 100 percent.", "payees")
    if len({payee.payee_id for payee in payees}) != len(payees):
        raise Rejected("payee-repeated", "Each payee is named once.", "payees")
    relations = [payee.relation for payee in payees]
    if died and SELF in relations:
        raise Rejected("payee-deceased", "A death is paid to heirs.", "payees")
    if not died and relations not in ([SELF], [GUARDIAN]):
        raise Rejected("payee-not-member", "A living member is paid to their own account only.", "payees")


def check_agent(agent: Agent, documents: Sequence[Document], payees: Sequence[Payee]) -> None:
    """Raises Rejected agent-proof-missing, agent-is-payee."""
    if agent.proof == "PAPER" and not AGENT_PAPERS.intersection(document.kind for document in documents):
        raise Rejected("agent-proof-missing", "The paper that shows the relation is missing.", "agent")
    if agent.proof == "CALL_BACK" and agent.note is None:
        raise Rejected("agent-proof-missing", "Say what was heard on calling back.", "agent")
    if agent.agent_id in {payee.payee_id for payee in payees}:
        raise Rejected("agent-is-payee", "Who acts for a member is not paid.", "agent")
