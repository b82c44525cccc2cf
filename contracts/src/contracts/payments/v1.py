"""Events of payments: the pool's double-entry ledger, payouts and the bank batches that carry them."""

from __future__ import annotations

from contracts.envelope import Event, Sealed, Upcaster, Value


class Transfer(Value, frozen=True, kw_only=True):
    """One debit and one credit of the same amount (domain 7.2): an unbalanced entry cannot be written.

    `kind`: single, or pending, then post or void of `pending_id`, once.
    """

    transfer_id: str
    kind: str
    debit: str
    credit: str
    amount_fen: int
    pending_id: str = ""


class DonationBooked(Event, frozen=True, kw_only=True):
    """A donation entered the pool. Stream `donation-<id>`.

    ISO dates, "" where an older event did not say; the plan's period is half-open.
    """

    donation_id: str
    plan_code: str
    amount_fen: int
    transfers: tuple[Transfer, ...]
    received_on: str = ""
    period_start: str = ""
    period_end: str = ""


class ReliefDonationBooked(Event, frozen=True, kw_only=True):
    """A donation entered the relief fund, never the pool (domain 4.5). Stream `relief_donation-<plan>-<reference>`.

    `reference` is the bank's of the receipt: one receipt is one donation. `received_on` is an ISO date.
    """

    reference: str
    plan_code: str
    donor: str
    amount_fen: int
    received_on: str
    by: str
    transfers: tuple[Transfer, ...]


class RecoveryBooked(Event, frozen=True, kw_only=True):
    """Part of what was wrongly paid came back into the fund that had paid it (domain 7.2).

    Stream `recovery_receipt-<claim>-<receipt>`.
    `receipt_id` is the bank's of the receipt: one receipt of a recovery is booked once.
    """

    recovery_id: str
    receipt_id: str
    claim_id: str
    plan_code: str
    amount_fen: int
    transfers: tuple[Transfer, ...]
    fund: str = "pool"


class PayoutRequested(Event, frozen=True, kw_only=True):
    """An approved line is owed to one payee. Stream `payout-<claim line id>-<payee id>`: one, for ever.

    What was granted ahead of a line is a payout of its own, its line id `<claim line id>.advance`.

    `fund` is what owes it: `pool`, or `relief` for a granted relief case, whose id then stands in `claim_id`.
    `name_matches`: whether the account's name was the payee's after normalisation, when it was named (domain 7.1).
    """

    payout_id: str
    claim_id: str
    claim_no: str
    line_id: str
    benefit_code: str
    plan_code: str
    person_id: str
    payee_id: str
    org_path: str
    amount_fen: int
    account: Sealed
    account_tail: str
    approved_by: tuple[str, ...]
    transfers: tuple[Transfer, ...]
    fund: str = "pool"
    name_matches: bool = True


class PayoutBatched(Event, frozen=True, kw_only=True):
    """The payout is an attempt in a batch. Stream `payout-…`. `end_to_end_id` is what the bank sees.

    `bank_code` is the bank that issued the card, by the card's first digits: OTHER where no list has it, "" where an
    older event did not say.
    """

    payout_id: str
    batch_id: str
    attempt: int
    end_to_end_id: str
    transfers: tuple[Transfer, ...]
    bank_code: str = ""


class PayoutSettled(Event, frozen=True, kw_only=True):
    """The bank booked the payout: the money has arrived. Stream `payout-…`."""

    payout_id: str
    claim_id: str
    claim_no: str
    person_id: str
    payee_id: str
    plan_code: str
    benefit_code: str
    amount_fen: int
    account_tail: str
    attempt: int
    bank_reference: str
    settled_on: str
    transfers: tuple[Transfer, ...]
    fund: str = "pool"


class PayoutReturned(Event, frozen=True, kw_only=True):
    """The bank refused or sent back the attempt, with a reason code of domain 7.1. Stream `payout-…`.

    `after_booking`: the money had been booked and came back (退票), so it is in the pool's cash again.
    `returned_on` is the bank's ISO date, "" where an older event did not say. `reversal`: the bank took its own booking
    back (冲账) instead of sending the money back (退票).
    """

    payout_id: str
    claim_id: str
    claim_no: str
    person_id: str
    payee_id: str
    plan_code: str
    amount_fen: int
    attempt: int
    reason: str
    after_booking: bool
    bank_reference: str
    transfers: tuple[Transfer, ...]
    fund: str = "pool"
    returned_on: str = ""
    reversal: bool = False


class PayoutUnknown(Event, frozen=True, kw_only=True):
    """The bank gave no answer; the attempt is queried, never sent again. Stream `payout-…`."""

    payout_id: str
    attempt: int


class PayoutDisputed(Event, frozen=True, kw_only=True):
    """The bank said something that contradicts what it said before; a person decides. Stream `payout-…`.

    `outcome` is BOOKED, REJECTED, RETURNED or REVERSED, as the statement had it; no money moves. `booked_on` is the
    bank's ISO date, "" in events from before it was kept.
    """

    payout_id: str
    claim_id: str
    claim_no: str
    attempt: int
    outcome: str
    reason: str
    amount_fen: int
    bank_reference: str
    booked_on: str = ""


class AccountCorrected(Event, frozen=True, kw_only=True):
    """Another account of the payee's own, named after a return, is confirmed by a second person. Stream `payout-…`.

    `proposed_by` and `by` are the two; `usable_from` is the moment (RFC 3339, UTC) from which it may be paid to.
    All are "" in events from before accounts were confirmed.
    """

    payout_id: str
    account: Sealed
    account_tail: str
    proposed_by: str = ""
    by: str = ""
    usable_from: str = ""


class BatchWarning(Value, frozen=True, kw_only=True):
    """Something about a payment that people should look at before they sign; it never stops a batch (domain 7.1).

    `serial` counts the batch's payouts from 1. `code`: name-differs, luhn-fails or card-type-credit.
    """

    serial: int
    code: str


class BatchDrafted(Event, frozen=True, kw_only=True):
    """A maker gathered payouts into a batch with control totals. Stream `batch-<id>`.

    `approved_by` are all who approved one of its payouts: none of them may pay (domain 4.3).
    """

    batch_id: str
    plan_code: str
    payout_ids: tuple[str, ...]
    total_fen: int
    approved_by: tuple[str, ...]
    by: str
    fund: str = "pool"
    warnings: tuple[BatchWarning, ...] = ()


class BatchChecked(Event, frozen=True, kw_only=True):
    """A second person checked the batch. Stream `batch-<id>`."""

    batch_id: str
    by: str


class BatchSigned(Event, frozen=True, kw_only=True):
    """A third person released the batch. Stream `batch-<id>`.

    `file_sha256` is the digest of the plain bytes that were stored sealed and are handed to the bank, unchanged;
    `file_format` says how to read them: iso20022 or csv, "" where an older event did not say.
    """

    batch_id: str
    by: str
    file_sha256: str
    count: int
    total_fen: int
    file_format: str = ""


class BatchSent(Event, frozen=True, kw_only=True):
    """The bank took the batch file, once. Stream `batch-<id>`."""

    batch_id: str
    bank_reference: str


class StatementImported(Event, frozen=True, kw_only=True):
    """Messages of the bank were taken in, each once, by their numbers. Stream `statement-<bank account>`.

    `unmatched` are end-to-end ids that no payout of ours carries, for the reconciler.
    """

    bank_account: str
    first_line: int
    last_line: int
    unmatched: tuple[str, ...]


EVENTS: dict[str, type[Event]] = {
    "payments.donation-booked.v1": DonationBooked,
    "payments.relief-donation-booked.v1": ReliefDonationBooked,
    "payments.recovery-booked.v1": RecoveryBooked,
    "payments.payout-requested.v1": PayoutRequested,
    "payments.payout-batched.v1": PayoutBatched,
    "payments.payout-settled.v1": PayoutSettled,
    "payments.payout-returned.v1": PayoutReturned,
    "payments.payout-unknown.v1": PayoutUnknown,
    "payments.payout-disputed.v1": PayoutDisputed,
    "payments.account-corrected.v1": AccountCorrected,
    "payments.batch-drafted.v1": BatchDrafted,
    "payments.batch-checked.v1": BatchChecked,
    "payments.batch-signed.v1": BatchSigned,
    "payments.batch-sent.v1": BatchSent,
    "payments.statement-imported.v1": StatementImported,
}
UPCASTERS: dict[str, Upcaster] = {}
