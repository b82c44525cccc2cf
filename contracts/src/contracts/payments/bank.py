"""Events of payments about its bank: a batch's end, days of the account, what does not agree with the ledger."""

from __future__ import annotations

from contracts.envelope import Event, Upcaster, Value
from contracts.payments.v1 import Transfer


class BankEntry(Value, frozen=True, kw_only=True):
    """One entry of the bank's statement.

    `kind`: paid, returned (退票: money comes in again), reversed (冲账: the bank takes its booking back), received or
    charged (no order of ours). `amount_fen` is what the entry does to the balance: negative for paid and charged.
    `end_to_end_id` is ours of the order, or what the other side gave, or the bank's reference. `entry_no` says which
    entry of its day it is: its place in the day's statement, from 1; older events have a number of the bank's.
    """

    entry_no: int
    end_to_end_id: str
    kind: str
    amount_fen: int
    reference: str
    reason: str = ""


class BankDayTaken(Event, frozen=True, kw_only=True):
    """A page of a finished day's statement was taken in. Stream `bank_day-<bank account>-<ISO date>`.

    Balances are the bank's own, in fen, of the whole day; `last` ends the day. Days come in order.
    """

    bank_account: str
    day: str
    page: int
    last: bool
    opening_fen: int
    closing_fen: int
    entries: tuple[BankEntry, ...]


class BatchPartlyDone(Event, frozen=True, kw_only=True):
    """The first payments of a batch have come to an end, others have not. Stream `batch-<id>`."""

    batch_id: str
    ended: int


class BatchReconciled(Event, frozen=True, kw_only=True):
    """Every payment of a batch has an end, and ledger, batch and statement agree on each. Stream `batch-<id>`."""

    batch_id: str
    ended: int


class BatchRefused(Event, frozen=True, kw_only=True):
    """The bank refused the whole file of a batch and knows nothing of it: its end. Stream `batch-<id>`.

    `reason` is the bank's code (an ISO 20022 code of the report), or HTTP_<status> where it gave none.
    """

    batch_id: str
    reason: str


class BatchCancelled(Event, frozen=True, kw_only=True):
    """A batch came to an end before the bank had it. Stream `batch-<id>`.

    `by` is a person and `reason` that person's words; or `by` is "payments" and `reason` overtaken: a payout of the
    signed batch had ended elsewhere, so that its file must not go out.
    """

    batch_id: str
    by: str
    reason: str


class PayoutReleased(Event, frozen=True, kw_only=True):
    """An attempt is over because its batch is, and the payout is owed as before. Stream `payout-…`.

    The attempt's number is used up. `reason` is "" where the batch was never signed; FILE_NOT_TAKEN where its file was,
    and the bank is asked on a later day before there is another attempt. `released_on` is an ISO date.
    """

    payout_id: str
    batch_id: str
    attempt: int
    reason: str
    released_on: str
    transfers: tuple[Transfer, ...]


class ReturnQueried(Event, frozen=True, kw_only=True):
    """The bank was asked, on a later day, about an attempt that its own failure sent back. Stream `payout-…`.

    Only then may the same account be tried again (domain 7.1); `queried_on` is an ISO date.
    """

    payout_id: str
    attempt: int
    queried_on: str


class DisputeEnded(Event, frozen=True, kw_only=True):
    """Two people have said what became of an attempt, on the bank's word. Stream `payout-…`.

    What the bank had said of it before counts no longer; `item_id` is the open item that they ended. Money that moves
    by it is in the event beside this one.
    """

    payout_id: str
    attempt: int
    paid: bool
    item_id: str
    by: str
    confirmed_by: str


class OpenItemRaised(Event, frozen=True, kw_only=True):
    """Ledger, batch and statement do not agree on something (security 4.3). Stream `open_item-<id>`.

    `finding`: missing_at_bank, missing_here, amount_differs, duplicate, unanswered (sent, and nobody says what became
    of it) or contradicted (said to be booked and to be refused, and no statement has it). `entry_no` is 0 where the
    statement has nothing, `transfer_id` "" where the ledger has nothing.
    `difference_fen` is what it makes the statement's balance differ from the ledger's cash.
    `payout_id` and `attempt` name the order, where it is ours. `round` counts how often the same thing was found, with
    an end in between, from 1.
    """

    item_id: str
    finding: str
    day: str
    end_to_end_id: str
    kind: str
    entry_no: int
    transfer_id: str
    bank_fen: int
    ledger_fen: int
    difference_fen: int
    plan_code: str
    fund: str
    payout_id: str = ""
    attempt: int = 0
    round: int = 1


class ResolutionProposed(Event, frozen=True, kw_only=True):
    """A person says how an open item ends, and a second has to agree. Stream `open_item-<id>`.

    `resolution`: booked (the ledger follows the statement), paid or not_paid (an order of ours, on the bank's word), or
    paired with the item `paired_with` of another order. `plan_code` and `fund` say whose cash is booked;
    `bank_reference` is the bank's paper.
    """

    item_id: str
    resolution: str
    reason: str
    plan_code: str
    fund: str
    bank_reference: str
    by: str
    paired_with: str = ""


class ResolutionDeclined(Event, frozen=True, kw_only=True):
    """A second person did not agree; the item is open again. Stream `open_item-<id>`."""

    item_id: str
    reason: str
    by: str


class OpenItemClosed(Event, frozen=True, kw_only=True):
    """An open item has an end. Stream `open_item-<id>`.

    `resolution`: matched (an exact match came, by itself), superseded (another item says it better), paired (with
    `paired_with`, the two cancel out), booked, paid or not_paid. `transfers` is what was booked; `confirmed_by` is the
    second person where money moved.
    """

    item_id: str
    resolution: str
    reason: str
    by: str
    confirmed_by: str
    difference_fen: int
    plan_code: str
    fund: str
    paired_with: str
    transfers: tuple[Transfer, ...]


EVENTS: dict[str, type[Event]] = {
    "payments.bank-day-taken.v1": BankDayTaken,
    "payments.batch-partly-done.v1": BatchPartlyDone,
    "payments.batch-reconciled.v1": BatchReconciled,
    "payments.batch-refused.v1": BatchRefused,
    "payments.batch-cancelled.v1": BatchCancelled,
    "payments.payout-released.v1": PayoutReleased,
    "payments.return-queried.v1": ReturnQueried,
    "payments.dispute-ended.v1": DisputeEnded,
    "payments.open-item-raised.v1": OpenItemRaised,
    "payments.resolution-proposed.v1": ResolutionProposed,
    "payments.resolution-declined.v1": ResolutionDeclined,
    "payments.open-item-closed.v1": OpenItemClosed,
}
UPCASTERS: dict[str, Upcaster] = {}
