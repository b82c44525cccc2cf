"""Every version of every text is given to the provider once, and its answer is recorded (domain 9.1)."""

from __future__ import annotations

import asyncio

import structlog

from chassis.context import Context
from contracts.envelope import SYSTEM
from notify.domain.approval import APPROVAL, ApprovalCommand, RecordApproval, RecordRefusal, SubmitTemplate
from notify.domain.template import TEMPLATES
from notify.projections import approvals
from notify.workers import providers
from notify.workers.provider import REFUSED, REVIEWED, ProviderAway

INTERVAL_S = 60.0
"""A review takes about a working day."""
EAGER_INTERVAL_S = 1.0
EAGER_ROUNDS = 30
"""After a start, a provider that answers at once is heard at once."""


async def approve_templates(context: Context) -> None:
    """Ask and listen, for ever; without a provider there is nobody to ask."""
    round_no = 0
    while context.settings.sms_url:
        try:
            open_ones = await submit_and_review(context)
        except ProviderAway as away:
            open_ones = True
            structlog.get_logger().warning("templates-not-reviewed", error=str(away))
        round_no += 1
        await asyncio.sleep(EAGER_INTERVAL_S if open_ones and round_no < EAGER_ROUNDS else INTERVAL_S)


async def submit_and_review(context: Context) -> bool:
    """One round; whether anything still waits for an answer. Raises ProviderAway."""
    provider = providers.sms(context)
    async with context.reads.connection() as c:
        known = {(one.template_code, one.version): one for one in await approvals.every(c)}
    waits = False
    for key, template in TEMPLATES.items():
        approval = known.get(key)
        if approval is None or approval.provider != provider.name:
            code = await provider.submit(template)
            asking = SubmitTemplate(template.code, template.version, template.digest, provider.name, code, SYSTEM.sub)
            await context.executor.execute(APPROVAL, stream_key(*key), asking)
        elif approval.state == approvals.SUBMITTED:
            code = approval.provider_code
        else:
            continue
        review = await provider.review(code)
        answer: ApprovalCommand
        if review.state == REVIEWED:
            answer = RecordApproval(template.code, template.version, provider.name)
        elif review.state == REFUSED:
            answer = RecordRefusal(template.code, template.version, review.reason)
        else:
            waits = True
            continue
        await context.executor.execute(APPROVAL, stream_key(*key), answer)
    return waits


def stream_key(template_code: str, version: int) -> str:
    """The key of a version's approval."""
    return f"{template_code}.{version}"
