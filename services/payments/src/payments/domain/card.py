"""What can be said of a card by its number alone: warnings for people, never a reason to stop (domain 7.1)."""

from __future__ import annotations

NAME_DIFFERS, LUHN_FAILS, CARD_TYPE_CREDIT = "name-differs", "luhn-fails", "card-type-credit"
CREDIT_PREFIXES = ("3", "4", "5", "625", "628")
"""First digits of cards that are as good as always credit cards: foreign brands, 银联标准贷记卡 and 公务卡.

No list of issuers is complete, so what is not in it is taken for a debit card, and nothing is refused by it.
"""

OTHER_BANK = "OTHER"
ISSUERS = {
    "ABC": ("103", "62282", "62284", "621282", "623052"),
    "BOC": ("456351", "601382", "62166", "62178", "62179", "622760"),
    "BOCOM": ("601428", "621436", "62226"),
    "CCB": ("421349", "436742", "62170", "621081", "621284", "622280", "622700"),
    "CEB": ("62266",),
    "CIB": ("438588", "622908", "622909"),
    "CITIC": ("433680", "442729", "62177", "62269"),
    "CMB": ("621286", "621483", "621485", "621486", "622580", "622588", "622598", "622609"),
    "CMBC": ("415599", "62261"),
    "ICBC": ("621226", "621558", "621559", "622200", "622202", "622203", "622208", "9558"),
    "PSBC": ("621096", "621098", "621797", "621798", "621799", "62215", "622188", "955100"),
}
"""Banks by first digits of their debit cards; the longest prefix decides.

Public knowledge, and as incomplete as every such list: what it lacks is OTHER_BANK. Nothing rests on it but counts.
"""


def issuer_of(card_no: str) -> str:
    """The bank that issued a card, by its first digits."""
    prefixes = [(len(prefix), bank, prefix) for bank, issued in ISSUERS.items() for prefix in issued]
    return max(
        ((length, bank) for length, bank, prefix in prefixes if card_no.startswith(prefix)), default=(0, OTHER_BANK)
    )[1]


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
