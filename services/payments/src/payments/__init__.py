"""Payments: the pool's double-entry ledger, payouts and the bank batches that carry them."""
