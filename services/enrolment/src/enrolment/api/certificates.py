"""Certificates of covers: as PDF for those who may see the member, and checked by number by anyone (domain 5.1)."""

from __future__ import annotations

import asyncio
import re
from datetime import date
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get
from litestar.params import FromPath, PathParameter

from chassis.auth import allow
from chassis.context import Context
from chassis.web import Problem
from chassis.web.public import PUBLIC, Limiter, client_address
from contracts.envelope import Actor
from contracts.person import Identity
from enrolment.api import certificate_pdf
from enrolment.api.access import OFFICERS
from enrolment.domain import id_number
from enrolment.domain.certificate import normalised
from enrolment.domain.division import organization_name
from enrolment.domain.plan import plans
from enrolment.projections import covers, holds, members
from enrolment.settings import Settings

CHECKS_BURST = 30
CHECKS_PER_HOUR = 600
"""Questions of one client address about numbers; the gateway bounds them too."""
TYPED_CHARACTERS_MAX = 40
"""A number, and what people type between its characters."""
PAGES_AT_ONCE_MAX = 2
"""Certificates drawn at the same time; the others wait."""
VALID, HELD, NOT_VALID = "VALID", "HELD", "NOT_VALID"

_PERSON_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_checks = Limiter(CHECKS_BURST, CHECKS_PER_HOUR)
_pages = asyncio.Semaphore(PAGES_AT_ONCE_MAX)


class CheckedCertificate(msgspec.Struct, frozen=True):
    """What anyone may know of a certificate: VALID, HELD or NOT_VALID, the plan's name and its half-open period.

    A number that nobody has, or that has ended, is NOT_VALID without more.
    """

    state: str
    plan: str = ""
    effective_on: str = ""
    ends_on: str = ""


@get("/public/certificates/{number:str}", opt=PUBLIC)
async def check_certificate(
    number: Annotated[str, PathParameter(max_length=TYPED_CHARACTERS_MAX)],
    request: Request[Any, Any, Any],
    context: Context,
) -> CheckedCertificate:
    """Whether a certificate is valid: for whoever holds it in the hand, without an account."""
    _checks.take(client_address(request))
    known = normalised(number)
    if not known:
        return CheckedCertificate(NOT_VALID)
    async with context.reads.connection() as c:
        cover = await covers.of_certificate(c, known)
        if cover is None or cover.ends_on <= context.clock.today().isoformat():
            return CheckedCertificate(NOT_VALID)
        if await members.died(c, [cover.person_id]):
            return CheckedCertificate(NOT_VALID)
        held = bool(await holds.held(c, [cover.person_id]))
    plan = plans()[cover.plan_code]
    return CheckedCertificate(HELD if held else VALID, plan.name, cover.effective_on, cover.ends_on)


@get("/covers/{person_id:str}/{plan:str}/certificate.pdf", media_type="application/pdf")
async def certificate(person_id: FromPath[str], plan: FromPath[str], actor: Actor, context: Context) -> Response[bytes]:
    """The certificate of a cover: for officers of the subtree, and for the member."""
    allow(actor, *OFFICERS, "member")
    itself = "member" in actor.roles and actor.sub == person_id
    if not _PERSON_ID.fullmatch(person_id) or (actor.roles == ("member",) and not itself):
        raise _no_cover()
    async with context.reads.connection() as c:
        visible = await covers.of_person(c, person_id, None if itself else actor)
        cover = next((one for one in visible if one.plan_code == plan), None)
        member = await members.find(c, person_id)
        held = bool(await holds.held(c, [person_id]))
    if cover is None or member is None:
        raise _no_cover()
    if held:
        raise Problem(409, "cover-held", "The ID card must be seen by the county first.", "person_id")
    kept = member.identity
    identity = await context.keyring.open(kept.sealed, Identity, subject=person_id, field=kept.field)
    settings: Settings = context.settings
    shown = certificate_pdf.Certificate(
        number=cover.certificate_no,
        plan_name=plans()[plan].name,
        donor=plans()[plan].donor,
        name=identity.name,
        id_no=id_number.masked(identity.id_no),
        union=organization_name(cover.org_path.rpartition(".")[2]),
        effective_on=date.fromisoformat(cover.effective_on),
        ends_on=date.fromisoformat(cover.ends_on),
        issued_on=context.clock.today(),
        verify_url=f"{settings.verify_url}/{cover.certificate_no}",
    )
    async with _pages:
        page = await asyncio.to_thread(certificate_pdf.write, shown)
    headers = {"Content-Disposition": 'inline; filename="certificate.pdf"', "Cache-Control": "no-store"}
    return Response(page, media_type="application/pdf", headers=headers)


def _no_cover() -> Problem:
    return Problem(404, "cover-unknown", "There is no such cover in your organisation.", "person_id")
