"""The numbers that people use for claims, made of the claims' ids without a counter."""

from __future__ import annotations

from claims.domain.plan import Plan

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
NUMBER_CHARS = 10


def claim_no(plan: Plan, claim_id: str) -> str:
    """The number people use: plan and year, then letters of the id."""
    return f"{plan.code[:2]}{plan.period_start[2:4]}-{letters_of(claim_id)}"


def letters_of(random_id: str) -> str:
    """50 random bits of an id in an alphabet without I, L, O, U."""
    value = int(random_id.replace("-", ""), 16)
    return "".join(ALPHABET[(value >> 5 * place) & 31] for place in reversed(range(NUMBER_CHARS)))
