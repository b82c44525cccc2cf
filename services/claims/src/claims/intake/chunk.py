"""Consecutive rows of one file, decided as one group: each gets its result, each payable stay its claim."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

from chassis.execute import Session
from chassis.keyring import Erased
from claims.domain.bureau import Layout, Stay, kept_values, stay_of, visit_key
from claims.domain.claim import CLAIM
from claims.domain.claim_stages import Absent, Claim
from claims.domain.entitlement import ENTITLEMENT
from claims.domain.match_task import (
    MATCH_TASK,
    MATCHED,
    NOT_MATCHED,
    AnswerItself,
    Decided,
    MatchTask,
    Open,
    Reversed,
    Untouched,
    match_claim_id,
    settlement_key,
)
from claims.domain.matching import (
    ALREADY_CLAIMED,
    ALREADY_PAID,
    AUTO_OPEN,
    AUTO_PAY,
    EARLY_REVERSAL,
    LEAD_DEATH,
    LEADS,
    NAME_DIFF,
    NO_SETL_ID,
    NOT_COVERED,
    NOT_INPATIENT,
    PAYABLE,
    REVERSED,
    UNSURE,
    WEAK,
)
from claims.domain.plan import Plan
from claims.domain.settlement import Verdict, judge
from claims.domain.settlement_import import SETTLEMENTS, RecordMatches
from claims.intake import autopay, opening
from claims.intake.files import Cells
from claims.intake.queueing import queue
from claims.intake.recording import Recording
from claims.intake.resolving import Match
from claims.intake.reversals import doubted_among, reversed_among
from contracts.claims.matching import AnnouncedMatch, ImportedSettlement, MatchResult

Plans = Mapping[tuple[str, int], Plan]
HEALTH = "health"
ROWS_PER_TURN = 100
"""Judging and sealing yield to other requests after this many rows."""


class AlreadyMatched(Exception):
    """Another importer has recorded these rows: nothing is to be appended."""


@dataclass
class Opened:
    """What an earlier run of the import opened for a settlement; `row_no` the row that did, once it is seen."""

    code: str
    computed_fen: int
    row_no: int = 0

    def by(self, row_no: int) -> bool:
        """Whether this row is the one that opened it: its repetitions in the file have opened nothing."""
        self.row_no = self.row_no or row_no
        return self.row_no == row_no


@dataclass(frozen=True)
class Chunk:
    """Rows `rows` of run `run`; `matches` by row number; `folded` rows cancel each other or were taken back.

    `before` tells what an earlier run of this import opened; `digests` are those of the plans' files, by which their
    signers know them.
    """

    import_id: str
    plan_code: str
    plans: Plans
    run: int
    layout: Layout
    rows: Sequence[tuple[int, Cells]]
    matches: Mapping[int, Match]
    folded: frozenset[int]
    assigned_to: str
    before: Mapping[str, Opened] = field(default_factory=dict)
    digests: Mapping[tuple[str, int], str] = field(default_factory=dict)

    @cached_property
    def sorted(self) -> tuple[list[Line], Counter[str]]:
        """The rows of covered people, and how many others there are by code: those leave nothing else behind."""
        return _sorted(self)


class Line(NamedTuple):
    """A row of a covered person."""

    row_no: int
    cells: Cells
    stay: Stay
    match: Match
    key: str
    plan: Plan

    visit_key: str
    doubted: bool = False
    """Whether a reversal of this visit came in an earlier file, before what it took back."""

    @property
    def claim_id(self) -> str:
        """The id of the claim that it opens or has opened."""
        return match_claim_id(self.key)


@dataclass
class Tally:
    """What the chunk has come to."""

    counts: Counter[str] = field(default_factory=Counter)
    opened: int = 0
    computed_fen: int = 0

    def add(self, code: str, computed_fen: int = 0, *, opened: bool = False) -> None:
        """One row."""
        self.counts[code] += 1
        self.opened += opened
        self.computed_fen += computed_fen


async def decide(session: Session, chunk: Chunk) -> Tally:
    """Decide a chunk. Raises AlreadyMatched, Rejected('rows-out-of-order').

    The import's own event comes last, so whoever sees a file finished finds its claims too.
    """
    session.bulk = True
    lines, others = chunk.sorted
    tally = Tally(Counter(others))
    recording = Recording(chunk.import_id, chunk.plan_code)
    people = await load(session, chunk)
    taken_back = await reversed_among(session, [line.stay.setl_id for line in lines])
    doubted = await doubted_among(session, chunk.import_id, [line.visit_key for line in lines])
    for number, line in enumerate(lines):
        if line.stay.setl_id in taken_back:
            tally.counts[REVERSED] += 1
        else:
            line = line._replace(doubted=line.visit_key in doubted)  # noqa: PLW2901 - the same line, and what is known
            await _settle(session, chunk, line, people, recording, tally)
        if number % ROWS_PER_TURN == 0:
            await asyncio.sleep(0)
    recording.append_to(session, f"{chunk.import_id}-{chunk.run}-{chunk.rows[0][0]}")
    command = RecordMatches(
        import_id=chunk.import_id,
        run=chunk.run,
        first_row=chunk.rows[0][0],
        last_row=chunk.rows[-1][0],
        counts=dict(sorted(tally.counts.items())),
        opened=tally.opened,
        computed_fen=tally.computed_fen,
    )
    if not await session.decide(SETTLEMENTS, chunk.import_id, command):
        raise AlreadyMatched(chunk.import_id)
    return tally


def _sorted(chunk: Chunk) -> tuple[list[Line], Counter[str]]:
    lines, others = [], Counter[str]()
    setl = chunk.layout.places["setl_id"]
    for row_no, cells in chunk.rows:
        match = chunk.matches.get(row_no)
        if not cells[setl].strip():
            others[NO_SETL_ID] += 1
        elif row_no in chunk.folded:
            others[REVERSED] += 1
        elif match is None:
            others[NOT_COVERED] += 1
        else:
            plan = chunk.plans[chunk.plan_code, match.cover.plan_version]
            stay = stay_of(chunk.layout, cells)
            key, visit = settlement_key(plan.code, stay.setl_id), visit_key(chunk.layout, cells)
            lines.append(Line(row_no, cells, stay, match, key, plan, visit))
    return lines, others


async def load(session: Session, chunk: Chunk) -> autopay.People:
    """Load what the decisions rest on, and make the data keys, each in one question."""
    lines, _ = chunk.sorted
    if not lines:
        return autopay.People()
    people = list(dict.fromkeys(line.match.person_id for line in lines))
    known = await session.load_many(ENTITLEMENT, [f"{chunk.plan_code}-{person_id}" for person_id in people])
    claims = {claim for state in known.values() for _, claim in state.incidents}
    await session.load_many(CLAIM, list(claims | {line.claim_id for line in lines}))
    await session.load_many(MATCH_TASK, [line.key for line in lines])
    pays = any(line.plan.matching is not None and line.plan.matching.mode == AUTO_PAY for line in lines)
    standing = await autopay.people_of(session, people) if pays else autopay.People()
    # Whoever is erased or restricted is not covered either; the others' keys are there.
    with contextlib.suppress(Erased):
        await session.keyring.ensure([(person_id, HEALTH) for person_id in people])
    return standing


async def _settle(
    session: Session, chunk: Chunk, line: Line, people: autopay.People, recording: Recording, tally: Tally
) -> None:
    """One settlement of a covered person: judged, recorded, acted upon by the plan's mode."""
    opened = chunk.before.get(line.stay.setl_id)
    if opened is not None and opened.by(line.row_no):
        tally.add(opened.code, opened.computed_fen, opened=True)
        return
    task = await session.load(MATCH_TASK, line.key)
    verdict = await _judged(session, chunk, line, task)
    rules = line.plan.matching
    assert rules is not None
    code = verdict.code
    confirmed = code in rules.confirmed and verdict.detail != NOT_INPATIENT
    waits = code in UNSURE or verdict.needs_person or confirmed
    if verdict.claim_id == line.claim_id or (waits and isinstance(task, Decided | Reversed)):
        # Its claim is there, or a person has decided: nothing is new.
        tally.add(code)
        return
    opens = code in PAYABLE and rules.mode in {AUTO_OPEN, AUTO_PAY}
    paid = False
    if opens:
        # Whatever a person was ever asked about is not paid without one.
        paid = await _open(session, chunk, line, verdict, people if isinstance(task, Untouched) else autopay.People())
        verdict = replace(verdict, claim_id=line.claim_id)
    computed_fen = sum(one.amount_fen for one in verdict.lines)
    tally.add(code, computed_fen if opens else 0, opened=opens)
    _record(line, verdict, computed_fen, recording, waits=waits)
    if (code in PAYABLE and code != LEAD_DEATH and not paid) or (code in rules.told and not waits):
        claim_id = verdict.claim_id
        recording.announced(
            AnnouncedMatch(setl_key=line.key, person_id=line.match.person_id, claim_id=claim_id, code=code)
        )
    if waits or code in LEADS:
        await queue(session, chunk, line, verdict)
    elif isinstance(task, Open):
        await session.decide(MATCH_TASK, line.key, AnswerItself(line.key, verdict.claim_id))


def _record(line: Line, verdict: Verdict, computed_fen: int, recording: Recording, *, waits: bool) -> None:
    stay = line.stay
    recording.settlement(
        ImportedSettlement(
            setl_id=stay.setl_id,
            person_id=line.match.person_id,
            insutype=stay.insutype,
            admitted_on=stay.admitted_on,
            org_path=line.match.cover.org_path,
            visit_key=line.visit_key,
        )
    )
    recording.result(
        MatchResult(
            setl_id=stay.setl_id,
            code=verdict.code,
            detail=verdict.detail,
            claim_id="" if waits else verdict.claim_id,
            computed_fen=computed_fen,
            waits=waits,
        )
    )


async def _judged(session: Session, chunk: Chunk, line: Line, task: MatchTask) -> Verdict:
    """The verdict; its `claim_id` is the line's own when there is nothing more to do about it."""
    person_id, outcome = line.match.person_id, line.match.outcome
    if isinstance(task, Decided):
        decided = task.decided
        if decided.outcome == NOT_MATCHED and decided.person_id == person_id:
            # The pair is on the block list (domain 6.5).
            return Verdict(outcome if outcome in UNSURE else NAME_DIFF, claim_id=line.claim_id)
        if decided.outcome == MATCHED and decided.claim_id:
            return await _claimed(session, decided.claim_id, line)
    claim: Claim = await session.load(CLAIM, line.claim_id)
    if not isinstance(claim, Absent):
        return await _claimed(session, line.claim_id, line)
    if line.doubted:
        return Verdict(REVERSED, EARLY_REVERSAL, needs_person=True)
    if outcome in {NAME_DIFF, WEAK}:
        return Verdict(outcome)
    entitlement = await session.load(ENTITLEMENT, f"{chunk.plan_code}-{person_id}")
    claims: dict[str, Claim] = {one: await session.load(CLAIM, one) for _, one in entitlement.incidents}
    known = opening.known_of(entitlement, claims)
    verdict = judge(line.stay, line.plan, line.match.period, known, claim_id=line.claim_id, today=session.today)
    if verdict.code == ALREADY_CLAIMED and opening.is_paid(claims[verdict.claim_id]):
        return replace(verdict, code=ALREADY_PAID)
    return verdict


async def _claimed(session: Session, claim_id: str, line: Line) -> Verdict:
    claim: Claim = await session.load(CLAIM, claim_id)
    paid = opening.is_paid(claim)
    return Verdict(ALREADY_PAID if paid else ALREADY_CLAIMED, claim_id=line.claim_id)


async def _open(session: Session, chunk: Chunk, line: Line, verdict: Verdict, people: autopay.People) -> bool:
    """Open the claim; True when it was granted with it, so that the member hears of the money and of no card."""
    plan, person_id = line.plan, line.match.person_id
    digest = chunk.digests.get((plan.code, plan.version), "")
    granted = await autopay.grant_of(session, plan, digest, person_id, verdict, people)
    await opening.open_claim(
        session,
        claim_id=line.claim_id,
        person_id=person_id,
        plan=plan,
        org_path=line.match.cover.org_path,
        stay=line.stay,
        row=kept_values(chunk.layout, line.cells, identifying=False),
        verdict=verdict,
    )
    if granted is not None:
        await autopay.pay(session, plan, line.claim_id, person_id, verdict, granted)
    return granted is not None
