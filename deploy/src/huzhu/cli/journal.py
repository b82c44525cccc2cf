"""The ledger as an hledger journal: what software that nobody here wrote can check (domain 7.2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

COMMODITY = "CNY"
TYPES = {
    "1001": "Cash",
    "1002": "Asset",
    "2101": "Equity",
    "2201": "Liability",
    "2202": "Liability",
    "2203": "Liability",
    "2204": "Liability",
    "2301": "Liability",
    "2302": "Liability",
    "2401": "Equity",
    "5101": "Expense",
    "5102": "Revenue",
    "5103": "Expense",
    "5201": "Expense",
}
"""hledger's account types by the codes of domain 7.2; those of the relief fund end in the same codes."""
KINDS_MOVED = ("single", "post")
"""What moves money; a pending or void one reserves or frees it, and stands in the journal as a comment."""


def journal(plans: Iterable[dict[str, Any]], entries: Iterable[dict[str, Any]]) -> Iterator[str]:
    """The lines of a journal: commodity and accounts declared, one transaction an entry, balances asserted at the end.

    `plans` and `entries` as `GET /ledger/accounts` and `GET /ledger/entries` give them. The assertions compare the
    sums of hledger with balances that payments counts apart.
    """
    accounts = [one for plan in plans for one in plan["accounts"]]
    yield "decimal-mark ."
    yield f"commodity 1000.00 {COMMODITY}"
    for one in accounts:
        yield f"account {_full(one)}  ; type:{TYPES[one['code'].rpartition('.')[2]]}, code:{one['code']}"
    last_day = ""
    for entry in entries:
        last_day = max(last_day, entry["booked_on"])
        yield ""
        yield from _transaction(entry)
    if last_day:
        yield ""
        yield f"{last_day} * closing balances"
        for one in accounts:
            yield f"    {_full(one)}  {yuan(0)} = {yuan(one['balance_fen'])}"


def yuan(fen: int) -> str:
    """An amount in yuan with two decimals, for example "-12.05 CNY"."""
    whole, part = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{whole}.{part:02d} {COMMODITY}"


def _full(account: dict[str, Any]) -> str:
    return f"{account['plan_code']}:{account['name']}"


def _transaction(entry: dict[str, Any]) -> Iterator[str]:
    name = entry["event"].removeprefix("payments.").rpartition(".v")[0]
    tags = {"position": str(entry["position"]), "transfer": entry["transfer_id"], **entry["about"]}
    told = ", ".join(f"{tag}:{value}" for tag, value in tags.items())
    if entry["kind"] not in KINDS_MOVED:
        yield f"; {entry['booked_on']} {entry['kind']} of {yuan(entry['amount_fen'])}  {told}"
        return
    yield f"{entry['booked_on']} * {name}  ; {told}"
    yield f"    {entry['plan_code']}:{entry['debit']}  {yuan(entry['amount_fen'])}"
    yield f"    {entry['plan_code']}:{entry['credit']}  {yuan(-entry['amount_fen'])}"
