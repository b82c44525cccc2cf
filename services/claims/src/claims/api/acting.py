"""Who acts: a relative for a member in hospital, and nobody in the name of one who has died (domain 4.3, 12.17)."""

from __future__ import annotations

import unicodedata

from chassis.auth import Forbidden
from chassis.clock import new_id
from chassis.decider import Rejected
from chassis.execute import Session
from claims.api.notes import seal_note
from claims.api.shapes import AgentAsked, FilingAsked
from claims.projections import deceased
from contracts.claims.v1 import Agent
from contracts.envelope import Actor
from contracts.person import Contact

AGENT_FIELD = "claims.claim-filed.v1/agent"


async def refuse_deceased(session: Session) -> None:
    """A recorded death ends the member's own filing. Raises Forbidden member-deceased."""
    if "member" not in session.actor.roles:
        return
    async with session.reads.connection() as c:
        if await deceased.died_on(c, session.actor.sub):
            raise Forbidden("member-deceased")


def check_agent_asked(data: FilingAsked, actor: Actor) -> None:
    """A relative says who they are, and is never the payee.

    Raises Rejected agent-missing, agent-is-payee.
    """
    if data.agent is None:
        if actor.roles == ("agent",) and not data.incident.died_on:
            raise Rejected("agent-missing", "Say how you are related, and what shows it.", "agent")
        return
    name = normal_name(data.agent.name)
    if any(normal_name(payee.account.account_name) == name for payee in data.payees):
        raise Rejected("agent-is-payee", "Who acts for a member is not paid.", "payees")


async def sealed_agent(session: Session, asked: AgentAsked, person_id: str) -> Agent:
    """The relative with a random id, name and mobile sealed under it; the note under the member."""
    note = await seal_note(session, person_id, asked.note)
    agent_id = new_id()
    contact = await session.keyring.seal(
        Contact(name=asked.name, mobile=asked.mobile),
        subject=agent_id,
        category="contact",
        decision_id=session.decision_id,
        field=AGENT_FIELD,
    )
    return Agent(agent_id=agent_id, relation=asked.relation, proof=asked.proof, note=note, contact=contact)


def normal_name(name: str) -> str:
    """A name without spaces, full-width forms and the middle dot's variants."""
    folded = unicodedata.normalize("NFKC", name)
    return "".join(folded.replace("•", "·").split()).upper()
