"""What can be said of a card by its number alone: warnings for people, never a reason to stop (domain 7.1)."""

from __future__ import annotations

NAME_DIFFERS, LUHN_FAILS, CARD_TYPE_CREDIT = "name-differs", "luhn-fails", "card-type-credit"
CREDIT_PREFIXES = ("3", "4", "5", "625", "628")
"""First digits of cards that are as good as always credit cards: foreign brands, 银联标准贷记卡 and 公务卡.

No list of issuers is complete, so what is not in it is taken for a debit card, and nothing is refused by it.
"""


def luhn_holds(card_no: str) -> bool:
    """Whether the check digit agrees; some old cards have none, so a failure is a warning only."""
    total = 0
    for place, digit in enumerate(reversed(card_no)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def warnings_of(card_no: str, *, name_matches: bool) -> tuple[str, ...]:
    """Codes for people to look at before they sign; the name was compared when the account was named."""
    found = []
    if not name_matches:
        found.append(NAME_DIFFERS)
    if not luhn_holds(card_no):
        found.append(LUHN_FAILS)
    if card_no.startswith(CREDIT_PREFIXES):
        found.append(CARD_TYPE_CREDIT)
    return tuple(found)
