"""Which versions of which texts may be sent: how far each came with the provider, and who gave it in."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Patch, Projection, Put, Write
from contracts.envelope import Event
from contracts.notify.reaching import TemplateApproved, TemplateRefused, TemplateReopened, TemplateSubmitted
from notify.domain.template import TEMPLATES, Template, latest

NAME = "approvals"
SUBMITTED, APPROVED, REFUSED, REOPENED = "submitted", "approved", "refused", "reopened"
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("template_code", sa.Text, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("text_digest", sa.Text, nullable=False),
    sa.Column("provider", sa.Text, nullable=False),
    sa.Column("provider_code", sa.Text, nullable=False),
    sa.Column("submitted_by", sa.Text, nullable=False),
    sa.Column("submitted_at", sa.Text, nullable=False),
    sa.Column("approved_by", sa.Text, nullable=False, server_default=""),
    sa.Column("decided_at", sa.Text, nullable=False, server_default=""),
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
)


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a version that was given in."""
    time = recorded.header.time
    match recorded.event:
        case TemplateSubmitted() as event:
            yield Put(
                (event.template_code, event.version),
                state=SUBMITTED,
                text_digest=event.text_digest,
                provider=event.provider,
                provider_code=event.provider_code,
                submitted_by=event.by,
                submitted_at=time,
                approved_by="",
                decided_at="",
                reason="",
            )
        case TemplateApproved(template_code=code, version=version, approved_by=by):
            yield Patch((code, version), state=APPROVED, approved_by=by, decided_at=time)
        case TemplateRefused(template_code=code, version=version, reason=reason):
            yield Patch((code, version), state=REFUSED, reason=reason, decided_at=time)
        case TemplateReopened(template_code=code, version=version, reason=reason):
            # The provider's old name for it is nothing to ask about any more.
            yield Patch((code, version), state=REOPENED, provider_code="", reason=reason)
        case _:
            pass


class ApprovalView(msgspec.Struct, frozen=True):
    """One version of a text and its approval."""

    template_code: str
    version: int
    state: str
    text_digest: str
    provider: str
    provider_code: str
    submitted_by: str
    submitted_at: str
    approved_by: str
    decided_at: str
    reason: str


async def find(c: AsyncConnection, texts: Collection[tuple[str, int]]) -> dict[tuple[str, int], ApprovalView]:
    """The approvals of these texts, by code and version, as far as anybody was asked."""
    query = sa.select(TABLE).where(sa.tuple_(TABLE.c.template_code, TABLE.c.version).in_([*texts]))
    found = [ApprovalView(**row) for row in (await c.execute(query)).mappings()]
    return {(one.template_code, one.version): one for one in found}


async def every(c: AsyncConnection) -> list[ApprovalView]:
    """All versions that were given in."""
    rows = (await c.execute(sa.select(TABLE).order_by(TABLE.c.template_code, TABLE.c.version))).mappings().all()
    return [ApprovalView(**row) for row in rows]


async def newest(c: AsyncConnection, template_code: str) -> int | None:
    """The newest version of a text that may be sent."""
    query = sa.select(sa.func.max(TABLE.c.version)).where(
        TABLE.c.template_code == template_code, TABLE.c.state == APPROVED
    )
    version: int | None = await c.scalar(query)
    return version


async def wording(c: AsyncConnection, template_code: str) -> Template:
    """The newest approved version of a text; while none is, the newest, which then waits for its approval."""
    version = await newest(c, template_code)
    template = TEMPLATES.get((template_code, version)) if version else None
    return template or latest(template_code)


EVENTS: frozenset[type[Event]] = frozenset({TemplateSubmitted, TemplateApproved, TemplateRefused, TemplateReopened})
PROJECTION = Projection(NAME, 2, "notify", TABLE, apply, events=EVENTS)
