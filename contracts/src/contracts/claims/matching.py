"""Events of claims: settlements of the medical-insurance bureau and what became of each (domain 6)."""

from __future__ import annotations

from contracts.envelope import Event, Sealed, Upcaster, Value


class SettlementsReceived(Event, frozen=True, kw_only=True):
    """A file of the bureau was accepted; its bytes are kept sealed. Stream `settlements-<import>`.

    The import's id is keyed by the file's digest, plan and nothing else: the same file is one import. `by` sent it,
    and is the named person its open questions wait for until another is assigned.
    """

    import_id: str
    plan_code: str
    format: str
    size_bytes: int
    by: str


class SettlementsRefused(Event, frozen=True, kw_only=True):
    """The file cannot be read to its end; nothing was imported. Stream `settlements-<import>`. `code` says why."""

    import_id: str
    code: str


class MatchingStarted(Event, frozen=True, kw_only=True):
    """A pass over the whole file begins: the first is run 1, each later one looks again. Stream `settlements-<import>`.

    `enrolment_position` is how far enrolment's log had been read: what was granted later asks for another run.
    """

    import_id: str
    run: int
    rows: int
    enrolment_position: int
    reason: str


class ReversalsTakenIn(Event, frozen=True, kw_only=True):
    """The first `done` reversals of the file are remembered, before any row is judged. Stream `settlements-<import>`.

    `undone` of the last part of them took back a settlement that an earlier file had brought.
    """

    import_id: str
    run: int
    done: int
    undone: int


class SettlementRowsMatched(Event, frozen=True, kw_only=True):
    """Rows `first_row`..`last_row` have a result each: rows per result code. Stream `settlements-<import>`.

    `opened` claims, and `computed_fen` the benefits computed for them.
    """

    import_id: str
    run: int
    first_row: int
    last_row: int
    counts: dict[str, int]
    opened: int
    computed_fen: int


class SettlementsMatched(Event, frozen=True, kw_only=True):
    """Every row of the file has its result; the counts add up to `rows`. Stream `settlements-<import>`."""

    import_id: str
    run: int
    rows: int
    counts: dict[str, int]
    opened: int
    computed_fen: int


class ImportedSettlement(Value, frozen=True, kw_only=True):
    """One settlement of a covered person as it was found in a file; `admitted_on` is an ISO date or "".

    `visit_key` is a digest of visit and total, by which a reversal with a number of its own finds it; "" where no
    visit is told.
    """

    setl_id: str
    person_id: str
    insutype: str
    admitted_on: str
    org_path: str
    visit_key: str = ""


class SettlementsImported(Event, frozen=True, kw_only=True):
    """Settlements of covered people, before anything was decided about them. Stream `settlement_rows-<part>`.

    The completeness ledger starts from these; rows of people who are not covered are counted and not kept.
    """

    import_id: str
    plan_code: str
    settlements: tuple[ImportedSettlement, ...]


class MatchResult(Value, frozen=True, kw_only=True):
    """What became of one settlement: a result code of domain 6.3.

    `detail` says more where the code is wide (NOT_INPATIENT, DIAGNOSIS, AMOUNT …) and never names an illness;
    `claim_id` the claim it opened or belongs to, else ""; `waits` whether a named person has to decide.
    """

    setl_id: str
    code: str
    detail: str = ""
    claim_id: str = ""
    computed_fen: int = 0
    waits: bool = False


class SettlementsJudged(Event, frozen=True, kw_only=True):
    """The results of imported settlements. Stream `settlement_results-<part>`."""

    import_id: str
    plan_code: str
    results: tuple[MatchResult, ...]


class AnnouncedMatch(Value, frozen=True, kw_only=True):
    """A member to be told: of a claim that was opened, or, `claim_id` empty, of a stay that is not payable."""

    setl_key: str
    person_id: str
    claim_id: str
    code: str


class MatchesAnnounced(Event, frozen=True, kw_only=True):
    """Members who are to hear of a match (domain 6.4). Stream `settlement_matches-<part>`.

    Never of a stay that ended in death: a person calls then.
    """

    import_id: str
    plan_code: str
    matches: tuple[AnnouncedMatch, ...]


class SettlementQueued(Event, frozen=True, kw_only=True):
    """A settlement waits for a named person, `assigned_to` (domain 6.3). Stream `settlement-<key>`.

    `row` is the bureau's row with every column it had, sealed for the settlement itself: whose it is, is the question.
    `person_id` is the member it may belong to; `claim_id` the claim it opened (a lead) or may repeat.
    """

    task_id: str
    plan_code: str
    import_id: str
    setl_id: str
    code: str
    detail: str
    person_id: str
    org_path: str
    claim_id: str
    row: Sealed
    assigned_to: str


class SettlementAssigned(Event, frozen=True, kw_only=True):
    """Another person is to decide. Stream `settlement-<key>`."""

    task_id: str
    assigned_to: str
    by: str


class SettlementDecided(Event, frozen=True, kw_only=True):
    """The named person has decided. Stream `settlement-<key>`.

    `outcome`: MATCHED (it is the member's: `claim_id` is its claim), NOT_MATCHED (another's: the pair is blocked),
    NOT_PAYABLE (confirmed, with `rule_code` of domain 4.7), DONE (a lead was followed). The reason is the sealed
    `note` (category health); there is none where a later look has answered by itself.
    """

    task_id: str
    plan_code: str
    setl_id: str
    person_id: str
    outcome: str
    rule_code: str
    claim_id: str
    note: Sealed | None
    by: str


class MatchDisputed(Event, frozen=True, kw_only=True):
    """A member says of a match: not me (domain 6.5). Stream `settlement-<key>`. Its claim stands still meanwhile."""

    task_id: str
    plan_code: str
    setl_id: str
    person_id: str
    org_path: str
    claim_id: str
    assigned_to: str
    by: str


class IncidentReleased(Event, frozen=True, kw_only=True):
    """The incident may be claimed anew: its claim was withdrawn, or its settlement taken back.

    Stream `entitlement-<plan>-<person>`. What was awarded stays taken from the caps: a recovery is not money that
    has come back.
    """

    plan_code: str
    person_id: str
    claim_id: str


class SettlementReversed(Event, frozen=True, kw_only=True):
    """The bureau took a settlement back that had been imported (domain 6.5). Stream `settlement-<key>`.

    `claim_id` is the claim it had opened, or ""; `paid` whether money had been granted for it.
    """

    plan_code: str
    setl_id: str
    import_id: str
    person_id: str
    claim_id: str
    paid: bool


EVENTS: dict[str, type[Event]] = {
    "claims.settlements-received.v1": SettlementsReceived,
    "claims.settlements-refused.v1": SettlementsRefused,
    "claims.matching-started.v1": MatchingStarted,
    "claims.reversals-taken-in.v1": ReversalsTakenIn,
    "claims.settlement-rows-matched.v1": SettlementRowsMatched,
    "claims.settlements-matched.v1": SettlementsMatched,
    "claims.settlements-imported.v1": SettlementsImported,
    "claims.settlements-judged.v1": SettlementsJudged,
    "claims.matches-announced.v1": MatchesAnnounced,
    "claims.settlement-queued.v1": SettlementQueued,
    "claims.settlement-assigned.v1": SettlementAssigned,
    "claims.settlement-decided.v1": SettlementDecided,
    "claims.match-disputed.v1": MatchDisputed,
    "claims.settlement-reversed.v1": SettlementReversed,
    "claims.incident-released.v1": IncidentReleased,
}
UPCASTERS: dict[str, Upcaster] = {}
