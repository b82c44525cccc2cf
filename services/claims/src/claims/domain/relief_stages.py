"""The stages of a relief case: verified by the county, on the public list, agreed, decided by the office's meeting."""

from __future__ import annotations

from dataclasses import dataclass, replace

from contracts.claims.relief import (
    ReliefAgreed,
    ReliefClosedIncomplete,
    ReliefFiled,
    ReliefGranted,
    ReliefNoticePublished,
    ReliefObjected,
    ReliefObjectionSettled,
    ReliefPaid,
    ReliefPapersAsked,
    ReliefPapersReminded,
    ReliefPapersSupplied,
    ReliefPaymentFailed,
    ReliefPayoutArrived,
    ReliefRefused,
    ReliefReopened,
    ReliefVerified,
    ReliefWithdrawn,
)
from contracts.claims.v1 import Document

# State: one class per stage


@dataclass(frozen=True)
class Absent:
    """Nothing was asked for under this id."""


@dataclass(frozen=True)
class Dossier:
    """What was filed, the kinds of papers so far and their digests, and everyone who had a hand in it."""

    filed: ReliefFiled
    papers: frozenset[str]
    hands: tuple[str, ...]
    digests: frozenset[str] = frozenset()

    def by(self, sub: str) -> Dossier:
        """With one more pair of hands."""
        return replace(self, hands=tuple(dict.fromkeys((*self.hands, sub))))

    def with_papers(self, documents: tuple[Document, ...]) -> Dossier:
        """With papers handed in."""
        kinds = self.papers | {document.kind for document in documents}
        return replace(self, papers=kinds, digests=self.digests | {document.sha256 for document in documents})


@dataclass(frozen=True)
class AtCounty:
    """Waits for the county's look; `asked` are the papers it waits for, `reminded` the days of reminding so far."""

    dossier: Dossier
    asked: tuple[str, ...] = ()
    request: ReliefPapersAsked | None = None
    reminded: frozenset[int] = frozenset()


@dataclass(frozen=True)
class ClosedIncomplete:
    """The papers did not come; the county looks at the case when they do, within the plan's days."""

    dossier: Dossier


@dataclass(frozen=True)
class Verified:
    """The county has looked: on the public list until and with `notice_ends_on`, "" when nothing is to be published.

    `objections` are those not yet looked into; `barred` when one was upheld.
    """

    dossier: Dossier
    verified: ReliefVerified
    notice_ends_on: str = ""
    objections: tuple[str, ...] = ()
    settled: frozenset[str] = frozenset()
    barred: bool = False


@dataclass(frozen=True)
class Agreed:
    """The prefecture has given its view; waits for the office's meeting."""

    dossier: Dossier
    verified: ReliefVerified
    agreed: bool
    barred: bool


@dataclass(frozen=True)
class Granted:
    """Granted; its payouts arrive or come back. `arrived` by payout; `failed` are (payout, attempt)."""

    dossier: Dossier
    granted: ReliefGranted
    arrived: tuple[ReliefPayoutArrived, ...] = ()
    failed: frozenset[tuple[str, int]] = frozenset()


@dataclass(frozen=True)
class Paid:
    """All of it has arrived; a bank may still send a payout back."""

    granted: Granted


@dataclass(frozen=True)
class Refused:
    """Refused by the meeting."""

    dossier: Dossier
    refused: ReliefRefused


@dataclass(frozen=True)
class Withdrawn:
    """Taken back before the decision."""

    dossier: Dossier


Relief = Absent | AtCounty | ClosedIncomplete | Verified | Agreed | Granted | Paid | Refused | Withdrawn
ReliefEvent = (
    ReliefFiled
    | ReliefPapersAsked
    | ReliefPapersSupplied
    | ReliefPapersReminded
    | ReliefClosedIncomplete
    | ReliefReopened
    | ReliefVerified
    | ReliefNoticePublished
    | ReliefObjected
    | ReliefObjectionSettled
    | ReliefAgreed
    | ReliefGranted
    | ReliefRefused
    | ReliefWithdrawn
    | ReliefPayoutArrived
    | ReliefPaymentFailed
    | ReliefPaid
)


def evolve(relief: Relief, event: ReliefEvent) -> Relief:
    """Fold one event; an event that does not fit the stage cannot have been recorded."""
    match event, relief:
        case ReliefFiled(), _:
            return AtCounty(Dossier(event, frozenset(), (event.by,)).with_papers(event.documents))
        case ReliefPapersAsked(), AtCounty(dossier):
            return AtCounty(dossier.by(event.by), event.needs, event)
        case ReliefPapersReminded(), AtCounty():
            return replace(relief, reminded=relief.reminded | {event.day})
        case ReliefPapersSupplied(), AtCounty(dossier):
            return AtCounty(dossier.with_papers(event.documents))
        case ReliefClosedIncomplete(), AtCounty(dossier):
            return ClosedIncomplete(dossier)
        case ReliefReopened(), ClosedIncomplete(dossier):
            return AtCounty(dossier.with_papers(event.documents))
        case ReliefVerified(), AtCounty(dossier):
            return Verified(dossier.by(event.by), event)
        case ReliefNoticePublished(), Verified():
            return replace(relief, notice_ends_on=event.ends_on)
        case ReliefObjected(), Verified():
            return replace(relief, objections=(*relief.objections, event.objection_id))
        case ReliefObjectionSettled(objection_id=objection_id), Verified():
            left = tuple(one for one in relief.objections if one != objection_id)
            settled, barred = relief.settled | {objection_id}, relief.barred or event.upheld
            return replace(relief, dossier=relief.dossier.by(event.by), objections=left, settled=settled, barred=barred)
        case ReliefAgreed(), Verified(dossier, verified, barred=barred):
            return Agreed(dossier.by(event.by), verified, event.agrees, barred)
        case ReliefGranted(), Agreed(dossier):
            return Granted(dossier, event)
        case ReliefRefused(), Agreed(dossier):
            return Refused(dossier, event)
        case ReliefWithdrawn(), AtCounty() | ClosedIncomplete() | Verified() | Agreed():
            return Withdrawn(relief.dossier)
        case ReliefPayoutArrived(), Granted():
            return replace(relief, arrived=(*relief.arrived, event))
        case ReliefPaymentFailed(), Granted() | Paid():
            granted = relief.granted if isinstance(relief, Paid) else relief
            still = tuple(one for one in granted.arrived if one.payout_id != event.payout_id)
            return replace(granted, arrived=still, failed=granted.failed | {(event.payout_id, event.attempt)})
        case ReliefPaid(), Granted():
            return Paid(relief)
        case _:
            raise ValueError(f"{type(event).__name__} after {type(relief).__name__}")
