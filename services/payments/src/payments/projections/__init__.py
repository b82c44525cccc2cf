"""The read models of payments: all from its own log, but for what is foreseen of claims."""

from __future__ import annotations

from chassis.projections import Projection
from payments.projections import (
    account_balances,
    attempts,
    bank_days,
    bank_entries,
    bank_words,
    batches,
    cash_movements,
    claim_history,
    disputes,
    donations,
    fund_levels,
    ledger_entries,
    months,
    open_items,
    payout_switches,
    payouts,
    recoveries,
    relief_donations,
    returns,
    statements,
)

ALL: tuple[Projection, ...] = (
    payouts.PROJECTION,
    attempts.PROJECTION,
    batches.PROJECTION,
    bank_days.PROJECTION,
    bank_entries.PROJECTION,
    cash_movements.PROJECTION,
    open_items.PROJECTION,
    ledger_entries.PROJECTION,
    account_balances.PROJECTION,
    donations.PROJECTION,
    relief_donations.PROJECTION,
    recoveries.PROJECTION,
    disputes.PROJECTION,
    bank_words.PROJECTION,
    payout_switches.PROJECTION,
    fund_levels.PROJECTION,
    months.PROJECTION,
    claim_history.PROJECTION,
    statements.PROJECTION,
    returns.PROJECTION,
)
