"""Stickers and leaflets over HTTP: printed, sent down, counted at each level, posted; and the figures (domain 8.3)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
import sqlalchemy as sa
from litestar import Request, Response, get, post
from litestar.params import JSONBody, PathParameter, QueryParameter
from litestar.types import ControllerRouterHandler
from msgspec import Meta

from chassis.auth import allow, in_subtree
from chassis.cells import First, Until
from chassis.clock import new_id
from chassis.context import Context
from chassis.execute import Session
from chassis.web import Problem
from claims.api.access import OFFICE, OVERSIGHT, UNION_STEPS
from claims.api.queries import PAGE_ROWS, After, Filter, Limit
from claims.api.shapes import PRINTABLE, Asked
from claims.domain.document import DOCUMENT
from claims.domain.document import Absent as NoDocument
from claims.domain.outreach_asset import OUTREACH_ASSET, PostAsset, TakeDownAsset, scene_code_of
from claims.domain.outreach_asset import Absent as NoAsset
from claims.domain.outreach_batch import OUTREACH_BATCH, PrintBatch, Printed, ReceiveCopies, SendCopies
from claims.projections import outreach_assets, outreach_shipments
from claims.projections.outreach_assets import AssetRow, OutreachFigure
from claims.projections.outreach_shipments import Shipment
from contracts.claims.outreach import OutreachPosted, OutreachPrinted, OutreachSent
from contracts.envelope import Actor
from contracts.organization import UnknownOrganization, path_of, within

COPIES_MAX = 10_000_000
HOLDERS = (*UNION_STEPS, *OFFICE)
READERS = (*HOLDERS, *OVERSIGHT)
AnyRequest = Request[Any, Any, Any]
AssetType = Literal["STATION", "VEHICLE", "LEAFLET"]
OrgCode = Annotated[str, Meta(pattern=r"^[0-9]{6,13}$")]
Id = Annotated[str, PathParameter(min_length=1, max_length=80, pattern=r"^[0-9A-Za-z-]+$")]
Which = Annotated[Literal["", "UNCOUNTED", "DIFFERS"], QueryParameter()]


class PrintAsked(Asked, frozen=True, kw_only=True):
    """What is printed, and how often."""

    asset_type: AssetType
    title: Annotated[str, Meta(min_length=1, max_length=120, pattern=PRINTABLE)]
    copies: Annotated[int, Meta(ge=1, le=COPIES_MAX)]


class SendAsked(Asked, frozen=True, kw_only=True):
    """How many copies go to which organisation right below the sender's."""

    to_org: OrgCode
    copies: Annotated[int, Meta(ge=1, le=COPIES_MAX)]


class CountAsked(Asked, frozen=True, kw_only=True):
    """How many copies came."""

    copies: Annotated[int, Meta(ge=0, le=COPIES_MAX)]


class PostingAsked(Asked, frozen=True, kw_only=True):
    """Where what is put up: the county or union, the place in words that anybody may read, a photo handed in before."""

    asset_type: AssetType
    org: OrgCode
    place: Annotated[str, Meta(min_length=1, max_length=120, pattern=PRINTABLE)]
    photo_id: Annotated[str, Meta(max_length=80, pattern=r"^[0-9A-Za-z-]*$")] = ""


class PrintedBatch(msgspec.Struct, frozen=True, kw_only=True):
    """The batch that was printed."""

    batch_id: str


class SentShipment(msgspec.Struct, frozen=True, kw_only=True):
    """The shipment that is on its way or was counted; `missing` is what was sent less what came."""

    shipment_id: str
    missing: int


class PostedAsset(msgspec.Struct, frozen=True, kw_only=True):
    """The code of what was posted, and the path that its QR code leads to."""

    scene_code: str
    path: str


class TakenDownAsset(msgspec.Struct, frozen=True, kw_only=True):
    """The code of what was taken down."""

    scene_code: str


class ShipmentPage(msgspec.Struct, frozen=True, kw_only=True):
    """Shipments in the order they were sent; `next_after` goes on, 0 at the end."""

    shipments: list[Shipment]
    next_after: int


class AssetPage(msgspec.Struct, frozen=True, kw_only=True):
    """Assets in the order they were posted; `next_after` goes on, 0 at the end."""

    assets: list[AssetRow]
    next_after: int


class OutreachFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Counts by prefecture and type."""

    figures: list[OutreachFigure]


@post("/outreach/batches", status_code=201)
async def print_batch(
    data: JSONBody[PrintAsked], request: AnyRequest, actor: Actor, context: Context
) -> Response[PrintedBatch]:
    """The office has copies printed."""
    allow(actor, *OFFICE)
    batch_id = new_id()

    async def work(session: Session) -> PrintedBatch:
        printed = OutreachPrinted(
            batch_id=batch_id,
            asset_type=data.asset_type,
            title=data.title,
            copies=data.copies,
            org_path=actor.org_path,
            printed_on=session.today.isoformat(),
            by=actor.sub,
        )
        await session.decide(OUTREACH_BATCH, batch_id, PrintBatch(printed))
        return PrintedBatch(batch_id=batch_id)

    return await context.command(request, actor, work, status=201)


@post("/outreach/batches/{batch_id:str}/shipments", status_code=201)
async def send_copies(
    batch_id: Id, data: JSONBody[SendAsked], request: AnyRequest, actor: Actor, context: Context
) -> Response[SentShipment]:
    """A level sends copies of what it holds to one right below it."""
    allow(actor, *OFFICE, "city_clerk", "county_clerk")
    shipment_id, to_path = new_id(), _path(data.to_org, "to_org")

    async def work(session: Session) -> SentShipment:
        sent = OutreachSent(
            batch_id=batch_id,
            shipment_id=shipment_id,
            from_path=actor.org_path,
            to_path=to_path,
            copies=data.copies,
            sent_on=session.today.isoformat(),
            by=actor.sub,
        )
        await session.decide(OUTREACH_BATCH, batch_id, SendCopies(sent))
        return SentShipment(shipment_id=shipment_id, missing=0)

    return await context.command(request, actor, work, status=201)


@post("/outreach/batches/{batch_id:str}/shipments/{shipment_id:str}/receipt", status_code=200)
async def receive_copies(
    batch_id: Id, shipment_id: Id, data: JSONBody[CountAsked], request: AnyRequest, actor: Actor, context: Context
) -> Response[SentShipment]:
    """The level that a shipment went to says how many came."""
    allow(actor, *UNION_STEPS)

    async def work(session: Session) -> SentShipment:
        today = session.today.isoformat()
        command = ReceiveCopies(shipment_id, actor.org_path, data.copies, today, actor.sub)
        await session.decide(OUTREACH_BATCH, batch_id, command)
        batch = await session.load(OUTREACH_BATCH, batch_id)
        assert isinstance(batch, Printed)
        return SentShipment(shipment_id=shipment_id, missing=batch.sent[shipment_id].copies - data.copies)

    return await context.command(request, actor, work)


@post("/outreach/assets", status_code=201)
async def post_asset(
    data: JSONBody[PostingAsked], request: AnyRequest, actor: Actor, context: Context
) -> Response[PostedAsset]:
    """Something is put up within the asker's organisation, and gets a scene code of its own."""
    allow(actor, *HOLDERS)
    org_path = _path(data.org, "org")
    if not within(org_path, actor.org_path):
        raise Problem(404, "org-unknown", "No such organisation within yours.", "org")
    scene_code = scene_code_of(new_id())

    async def work(session: Session) -> PostedAsset:
        if data.photo_id:
            photo = await session.load(DOCUMENT, data.photo_id)
            if isinstance(photo, NoDocument) or photo.stored.by != actor.sub:
                raise Problem(404, "document-unknown", "You have handed in no such photo.", "photo_id")
        posted = OutreachPosted(
            scene_code=scene_code,
            asset_type=data.asset_type,
            org_path=org_path,
            place=data.place,
            posted_on=session.today.isoformat(),
            photo_id=data.photo_id,
            by=actor.sub,
        )
        await session.decide(OUTREACH_ASSET, scene_code, PostAsset(posted))
        return PostedAsset(scene_code=scene_code, path=f"/public/scenes/{scene_code}")

    return await context.command(request, actor, work, status=201)


@post("/outreach/assets/{scene_code:str}/take-down", status_code=200)
async def take_down_asset(
    scene_code: Id, request: AnyRequest, actor: Actor, context: Context
) -> Response[TakenDownAsset]:
    """Whoever may put things up there takes it away; scans of its code are counted on, as late ones."""
    allow(actor, *HOLDERS)

    async def work(session: Session) -> TakenDownAsset:
        asset = await session.load(OUTREACH_ASSET, scene_code)
        if isinstance(asset, NoAsset) or not within(asset.posted.org_path, actor.org_path):
            raise Problem(404, "scene-unknown", "There is no such code within your organisation.", "scene_code")
        await session.decide(OUTREACH_ASSET, scene_code, TakeDownAsset(session.today.isoformat(), actor.sub))
        return TakenDownAsset(scene_code=scene_code)

    return await context.command(request, actor, work)


def _path(code: str, field: str) -> str:
    try:
        return path_of(code)
    except UnknownOrganization as unknown:
        raise Problem(422, "org-unknown", str(unknown), field) from unknown


@get("/outreach/shipments")
async def shipment_list(
    actor: Actor,
    context: Context,
    batch_id: Filter = "",
    which: Which = "",
    after: After = 0,
    limit: Limit = PAGE_ROWS,
) -> ShipmentPage:
    """What went to the asker's subtree: all of it, what nobody has counted, or where the counts differ."""
    allow(actor, *READERS)
    wanted = [in_subtree(outreach_shipments.C.to_path, actor)]
    if batch_id:
        wanted.append(outreach_shipments.C.batch_id == batch_id)
    if which:
        wanted.append(outreach_shipments.differs() if which == "DIFFERS" else outreach_shipments.uncounted())
    rows_max = min(limit, context.settings.page_rows_max)
    async with context.reads.connection() as c:
        rows = await outreach_shipments.page(c, sa.and_(*wanted), after, rows_max)
    return ShipmentPage(shipments=rows, next_after=rows[-1].position if len(rows) == rows_max else 0)


@get("/outreach/assets")
async def asset_list(actor: Actor, context: Context, after: After = 0, limit: Limit = PAGE_ROWS) -> AssetPage:
    """What is posted within the asker's subtree, each with its scans."""
    allow(actor, *READERS)
    rows_max = min(limit, context.settings.page_rows_max)
    async with context.reads.connection() as c:
        rows = await outreach_assets.page(c, in_subtree(outreach_assets.C.org_path, actor), after, rows_max)
    return AssetPage(assets=rows, next_after=rows[-1].position if len(rows) == rows_max else 0)


@get("/outreach/figures")
async def outreach_figures(actor: Actor, context: Context, first: First = "", until: Until = "") -> OutreachFigures:
    """What could be seen on these days (both counted), what was scanned then, and the bindings that followed.

    By prefecture and type, within the asker's subtree.
    """
    allow(actor, *READERS)
    async with context.reads.connection() as c:
        rows = await outreach_assets.figures(c, in_subtree(outreach_assets.C.org_path, actor), first, until)
    return OutreachFigures(figures=rows)


ROUTES: list[ControllerRouterHandler] = [
    print_batch,
    send_copies,
    receive_copies,
    post_asset,
    take_down_asset,
    shipment_list,
    asset_list,
    outreach_figures,
]
