"""What a chunk has found, cut into events that the log can hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from chassis.execute import Session
from contracts.claims.matching import (
    AnnouncedMatch,
    ImportedSettlement,
    MatchesAnnounced,
    MatchResult,
    SettlementsImported,
    SettlementsJudged,
)
from contracts.envelope import Event

PART_ENTRIES_MAX = 150
"""Entries an event: with a settlement number of a hundred characters each, half of what the log can hold."""

T = TypeVar("T")


class Recording:
    """Imported settlements, their results, and whom to tell; in the order of the rows."""

    def __init__(self, import_id: str, plan_code: str) -> None:
        """Nothing found yet."""
        self._import_id = import_id
        self._plan_code = plan_code
        self._settlements: list[ImportedSettlement] = []
        self._results: list[MatchResult] = []
        self._matches: list[AnnouncedMatch] = []

    def settlement(self, one: ImportedSettlement) -> None:
        """A settlement of a covered person."""
        self._settlements.append(one)

    def result(self, one: MatchResult) -> None:
        """What became of it."""
        self._results.append(one)

    def announced(self, one: AnnouncedMatch) -> None:
        """Whom to tell."""
        self._matches.append(one)

    def append_to(self, session: Session, part: str) -> None:
        """Events for new streams; `part` names the chunk and run."""
        import_id, plan_code = self._import_id, self._plan_code
        _append(
            session,
            f"settlement_rows-{part}",
            self._settlements,
            lambda cut: SettlementsImported(import_id=import_id, plan_code=plan_code, settlements=cut),
        )
        _append(
            session,
            f"settlement_results-{part}",
            self._results,
            lambda cut: SettlementsJudged(import_id=import_id, plan_code=plan_code, results=cut),
        )
        _append(
            session,
            f"settlement_matches-{part}",
            self._matches,
            lambda cut: MatchesAnnounced(import_id=import_id, plan_code=plan_code, matches=cut),
        )


def _append(session: Session, stream: str, entries: Sequence[T], event: Callable[[tuple[T, ...]], Event]) -> None:
    if entries:
        session.append_new(stream, [event(cut) for cut in _cuts(entries)])


def _cuts(entries: Sequence[T]) -> Iterator[tuple[T, ...]]:
    for start in range(0, len(entries), PART_ENTRIES_MAX):
        yield tuple(entries[start : start + PART_ENTRIES_MAX])
