"""Events of claims: stickers and leaflets about the rules, from the printer to who reads them (domain 8.3)."""

from __future__ import annotations

from contracts.envelope import Event, Upcaster


class OutreachPrinted(Event, frozen=True, kw_only=True):
    """The province had stickers or leaflets printed. Stream `outreach_batch-<id>`.

    `asset_type` STATION, VEHICLE or LEAFLET; `copies` lie at `org_path`; `title` says what is printed on them.
    """

    batch_id: str
    asset_type: str
    title: str
    copies: int
    org_path: str
    printed_on: str
    by: str


class OutreachSent(Event, frozen=True, kw_only=True):
    """A level sent copies to one right below it. Stream `outreach_batch-<id>`."""

    batch_id: str
    shipment_id: str
    from_path: str
    to_path: str
    copies: int
    sent_on: str
    by: str


class OutreachReceived(Event, frozen=True, kw_only=True):
    """The level below counted what came. Stream `outreach_batch-<id>`.

    `copies` are what was counted, `sent` what the level above had sent: the difference stays visible.
    """

    batch_id: str
    shipment_id: str
    to_path: str
    copies: int
    sent: int
    received_on: str
    by: str


class OutreachPosted(Event, frozen=True, kw_only=True):
    """A sticker, or a pile of leaflets, can be seen at a place (domain 8.3). Stream `outreach_asset-<scene code>`.

    `scene_code` is random and stands in the QR code; `place` is public; `photo_id` a document's id, or "".
    """

    scene_code: str
    asset_type: str
    org_path: str
    place: str
    posted_on: str
    photo_id: str
    by: str


class OutreachTakenDown(Event, frozen=True, kw_only=True):
    """It can no longer be seen at its place. Stream `outreach_asset-<scene code>`."""

    scene_code: str
    taken_on: str
    by: str


class OutreachScanned(Event, frozen=True, kw_only=True):
    """Somebody, of whom nothing is known, opened a scene code. Stream `outreach_scan-<random id>`, one event long.

    `taken_down`: what bears the code had been taken down before; a copy of it must be somewhere.
    """

    scene_code: str
    scanned_on: str
    taken_down: bool = False


EVENTS: dict[str, type[Event]] = {
    "claims.outreach-printed.v1": OutreachPrinted,
    "claims.outreach-sent.v1": OutreachSent,
    "claims.outreach-received.v1": OutreachReceived,
    "claims.outreach-posted.v1": OutreachPosted,
    "claims.outreach-taken-down.v1": OutreachTakenDown,
    "claims.outreach-scanned.v1": OutreachScanned,
}
UPCASTERS: dict[str, Upcaster] = {}
