"""A sticker or a pile of leaflets at a place, found by its scene code; and one scan of such a code (domain 8.3)."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.decider import Decider, Rejected
from claims.domain.numbering import letters_of
from contracts.claims.outreach import OutreachPosted, OutreachScanned

# State


@dataclass(frozen=True)
class Absent:
    """No such code, or no such scan yet."""


@dataclass(frozen=True)
class Posted:
    """It can be seen."""

    posted: OutreachPosted


@dataclass(frozen=True)
class Counted:
    """The scan is counted."""


Asset = Absent | Posted
Scan = Absent | Counted


def evolve(_asset: Asset, event: OutreachPosted) -> Asset:
    """Fold one event."""
    return Posted(event)


def evolve_scan(_scan: Scan, _event: OutreachScanned) -> Scan:
    """Fold one event."""
    return Counted()


# Commands


@dataclass(frozen=True)
class PostAsset:
    """Put it up."""

    posted: OutreachPosted


@dataclass(frozen=True)
class CountScan:
    """Somebody opened the code of an asset, on an ISO date."""

    asset: Asset
    today: str


def scene_code_of(random_id: str) -> str:
    """A code of 50 random bits, short enough for a small QR code: nobody guesses one that was posted."""
    return letters_of(random_id)


def decide(command: PostAsset, asset: Asset) -> list[OutreachPosted]:
    """The posting, [] when it is known, or Rejected."""
    match asset:
        case Absent():
            return [command.posted]
        case Posted(posted):
            if posted == command.posted:
                return []
            raise Rejected("scene-exists", "Another asset has this code.")


def decide_scan(command: CountScan, scan: Scan) -> list[OutreachScanned]:
    """The scan, [] when it was counted, or Rejected."""
    match command.asset:
        case Absent():
            raise Rejected("scene-unknown", "No such code.")
        case Posted(posted):
            if isinstance(scan, Counted):
                return []
            return [OutreachScanned(scene_code=posted.scene_code, scanned_on=command.today)]


OUTREACH_ASSET: Decider[PostAsset, Asset, OutreachPosted] = Decider("outreach_asset", Absent(), evolve, decide)
OUTREACH_SCAN: Decider[CountScan, Scan, OutreachScanned] = Decider("outreach_scan", Absent(), evolve_scan, decide_scan)
