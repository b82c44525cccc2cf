"""Every version of every text is given to the provider once, and its answer is recorded (domain 9.1)."""

from __future__ import annotations

from itertools import count

import structlog

from chassis.context import Context
from chassis.decider import Rejected
from chassis.execute import Session
from contracts.envelope import SYSTEM
from contracts.notify.reaching import TemplateRefused
from contracts.organization import path_of
from notify.domain.approval import APPROVAL, ApprovalCommand, RecordApproval, RecordRefusal, SubmitTemplate, stream_key
from notify.domain.notice import NOTICE, PostNotice
from notify.domain.template import TEMPLATES, Template
from notify.projections import approvals
from notify.workers import providers
from notify.workers.provider import REFUSED, REVIEWED, SmsProvider
from notify.workers.rounds import for_ever

INTERVAL_S = 60.0
"""A review takes about a working day."""
EAGER_INTERVAL_S = 1.0
TEMPLATE_REFUSED = "template-refused"
TOLD = ("office_head", "supervisor")
"""Whoever may give it in again, and whoever watches."""
PROVINCE = path_of("620000")
EAGER_ROUNDS = 30
"""After a start, a provider that answers at once is heard at once."""


async def approve_templates(context: Context) -> None:
    """Ask and listen, for ever; without a provider there is nobody to ask."""
    rounds = count(1)

    async def one_round() -> float:
        eager = next(rounds) < EAGER_ROUNDS
        waits = bool(context.settings.sms_url) and await submit_and_review(context)
        return EAGER_INTERVAL_S if waits and eager else INTERVAL_S

    await for_ever("approving", one_round)


async def submit_and_review(context: Context) -> bool:
    """One round; whether anything still waits for an answer. Raises ProviderAway."""
    provider = providers.sms(context)
    async with context.reads.connection() as c:
        known = {(one.template_code, one.version): one for one in await approvals.every(c)}
    waits = False
    for key, template in TEMPLATES.items():
        approval = known.get(key)
        code = approval.provider_code if approval and approval.provider == provider.name else ""
        if code and approval and approval.state != approvals.SUBMITTED:
            continue
        try:
            waits |= await _one(context, provider, template, code)
        except Rejected as refused:
            structlog.get_logger().error("template-not-submitted", template=template.code, error=refused.code)
    return waits


async def _one(context: Context, provider: SmsProvider, template: Template, code: str) -> bool:
    """Give a text in unless the provider has it, and hear what it says; whether it says nothing yet."""
    key = stream_key(template.code, template.version)
    if not code:
        code = await provider.submit(template)
        asking = SubmitTemplate(template.code, template.version, template.digest, provider.name, code, SYSTEM.sub)
        await context.executor.execute(APPROVAL, key, asking)
    review = await provider.review(code)
    answer: ApprovalCommand
    if review.state == REVIEWED:
        answer = RecordApproval(template.code, template.version, provider.name)
    elif review.state == REFUSED:
        answer = RecordRefusal(template.code, template.version, review.reason)
    else:
        return True

    async def work(session: Session) -> None:
        decided = await session.decide(APPROVAL, key, answer)
        if any(isinstance(event, TemplateRefused) for event in decided):
            # Whatever is to be told in these words waits until somebody does something about it.
            facts = (("template", template.code), ("version", str(template.version)), ("reason", review.reason))
            notice_id = f"{TEMPLATE_REFUSED}-{key}-{code}"
            notice = PostNotice(notice_id, TEMPLATE_REFUSED, TOLD, PROVINCE, facts, session.today.isoformat())
            await session.decide(NOTICE, notice_id, notice)

    await context.executor.run(work)
    return False
