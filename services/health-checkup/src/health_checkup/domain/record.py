"""A member's own copy of the health record, which the member may delete (domain 8.2)."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.decider import Decider
from contracts.health_checkup.records import RecordCopyDeleted


@dataclass(frozen=True)
class Copy:
    """`deleted_on` is the ISO date of the last deletion, "" before there was one."""

    deleted_on: str = ""


def evolve(copy: Copy, event: RecordCopyDeleted) -> Copy:
    """Fold one event."""
    del copy
    return Copy(event.deleted_on)


@dataclass(frozen=True)
class DeleteCopy:
    """The member deletes the own copy; `holds` says whether there is anything in it since the last time."""

    person_id: str
    today: str
    holds: bool


def decide(command: DeleteCopy, copy: Copy) -> list[RecordCopyDeleted]:
    """An empty copy is deleted already."""
    del copy
    return [RecordCopyDeleted(person_id=command.person_id, deleted_on=command.today)] if command.holds else []


RECORD: Decider[DeleteCopy, Copy, RecordCopyDeleted] = Decider("record", Copy(), evolve, decide)
