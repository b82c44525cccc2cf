"""A sticker or a pile of leaflets at a place, found by its scene code; and one scan of such a code (domain 8.3)."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.decider import Decider, Rejected
from claims.domain.numbering import letters_of
from contracts.claims.outreach import OutreachPosted, OutreachScanned, OutreachTakenDown

# State


@dataclass(frozen=True)
class Absent:
    """No such code, or no such scan yet."""


@dataclass(frozen=True)
class Posted:
    """It can be seen."""

    posted: OutreachPosted


@dataclass(frozen=True)
class TakenDown:
    """It can be seen no longer; a copy of its code may go on being scanned."""

    posted: OutreachPosted


@dataclass(frozen=True)
class Counted:
    """The scan is counted."""


Asset = Absent | Posted | TakenDown
Scan = Absent | Counted
AssetEvent = OutreachPosted | OutreachTakenDown


def evolve(asset: Asset, event: AssetEvent) -> Asset:
    """Fold one event."""
    match event, asset:
        case OutreachPosted(), _:
            return Posted(event)
        case OutreachTakenDown(), Posted(posted):
            return TakenDown(posted)
        case OutreachTakenDown(), _:
            return asset


def evolve_scan(_scan: Scan, _event: OutreachScanned) -> Scan:
    """Fold one event."""
    return Counted()


# Commands


@dataclass(frozen=True)
class PostAsset:
    """Put it up."""

    posted: OutreachPosted


@dataclass(frozen=True)
class TakeDownAsset:
    """Take it away, on an ISO date."""

    today: str
    by: str


AssetCommand = PostAsset | TakeDownAsset


@dataclass(frozen=True)
class CountScan:
    """Somebody opened the code of an asset, on an ISO date."""

    asset: Asset
    today: str


def scene_code_of(random_id: str) -> str:
    """A code of 50 random bits, short enough for a small QR code: nobody guesses one that was posted."""
    return letters_of(random_id)


def decide(command: AssetCommand, asset: Asset) -> list[AssetEvent]:
    """The posting or taking down, [] when it is known, or Rejected."""
    match command:
        case PostAsset():
            if isinstance(asset, Absent):
                return [command.posted]
            if asset.posted == command.posted:
                return []
            raise Rejected("scene-exists", "Another asset has this code.")
        case TakeDownAsset():
            if isinstance(asset, Absent):
                raise Rejected("scene-unknown", "No such code.")
            if isinstance(asset, TakenDown):
                return []
            code = asset.posted.scene_code
            return [OutreachTakenDown(scene_code=code, taken_on=command.today, by=command.by)]


def decide_scan(command: CountScan, scan: Scan) -> list[OutreachScanned]:
    """The scan, [] when it was counted, or Rejected."""
    match command.asset:
        case Absent():
            raise Rejected("scene-unknown", "No such code.")
        case Posted(posted) | TakenDown(posted):
            if isinstance(scan, Counted):
                return []
            taken_down = isinstance(command.asset, TakenDown)
            return [OutreachScanned(scene_code=posted.scene_code, scanned_on=command.today, taken_down=taken_down)]


OUTREACH_ASSET: Decider[AssetCommand, Asset, AssetEvent] = Decider("outreach_asset", Absent(), evolve, decide)
OUTREACH_SCAN: Decider[CountScan, Scan, OutreachScanned] = Decider("outreach_scan", Absent(), evolve_scan, decide_scan)
