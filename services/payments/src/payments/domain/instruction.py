"""What a batch asks of the bank, byte for byte: its digest is what was signed; accounts in it stay sealed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from chassis.decider import Rejected
from contracts.envelope import Sealed
from contracts.payments.v1 import BatchDrafted
from payments.domain.payout import Batched, Payout, Unknown, end_to_end_id

PURPOSE = "互助金"
"""The purpose on the payee's statement (domain 7.1)."""


def instruction_file(drafted: BatchDrafted, payouts: Sequence[Payout]) -> bytes:
    """The canonical file of a batch: JSON with sorted keys, no spaces, one line. Same batch, same bytes.

    `payouts` in the batch's order. Raises Rejected when one of them is not an open attempt of this batch.
    """
    document = {
        "batch_id": drafted.batch_id,
        "count": len(drafted.payout_ids),
        "payments": [_payment(drafted.batch_id, payout) for payout in payouts],
        "plan_code": drafted.plan_code,
        "total_fen": drafted.total_fen,
    }
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def digest(file: bytes) -> str:
    """SHA-256 of a file, in hex."""
    return hashlib.sha256(file).hexdigest()


def _payment(batch_id: str, payout: Payout) -> dict[str, object]:
    if not isinstance(payout, Batched | Unknown) or payout.batch_id != batch_id:
        raise Rejected("payout-not-in-batch", "A payout of the batch is no longer an open attempt of it.")
    owed = payout.terms.owed
    return {
        "account": _sealed(payout.terms.account),
        "account_field": payout.terms.account_field,
        "amount_fen": owed.amount_fen,
        "claim_no": owed.claim_no,
        "end_to_end_id": end_to_end_id(owed.payout_id, payout.attempt),
        "payee_id": owed.payee_id,
        "purpose": PURPOSE,
    }


def _sealed(account: Sealed) -> dict[str, object]:
    return {
        "$enc": account.suite,
        "c": account.c,
        "e": account.e,
        "k": account.k,
        "s": account.s,
        "v": account.v,
    }
