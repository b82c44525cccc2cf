"""Every return reason and every code of the card check leads somewhere (domain 7.1)."""

from __future__ import annotations

import pytest

from payments.domain import reasons
from payments.domain.card import luhn_holds, warnings_of
from payments.domain.reasons import CHECK_RESULTS, RETURN_REASONS, reason_of

NEXT = {
    "NAME_MISMATCH": reasons.CHECK_IDENTITY,
    "ACCOUNT_NOT_FOUND": reasons.OTHER_CARD,
    "ACCOUNT_CLOSED": reasons.OTHER_CARD,
    "ACCOUNT_FROZEN": reasons.OFFICE,
    "ACCOUNT_DORMANT": reasons.OTHER_CARD,
    "LIMIT": reasons.OTHER_CARD,
    "BANK_INFO": reasons.CORRECT_BANK,
    "BANK_SYSTEM": reasons.RETRY_NEXT_DAY,
    "FILE_NOT_TAKEN": reasons.RETRY_NEXT_DAY,
}


@pytest.mark.parametrize(("code", "step"), NEXT.items())
def test_a_return_reason_names_what_comes_next(code: str, step: str) -> None:
    assert RETURN_REASONS[code].next_step == step
    assert RETURN_REASONS[code].same_account == (code in {"BANK_SYSTEM", "FILE_NOT_TAKEN"})
    assert reason_of(code) == code


@pytest.mark.parametrize("reason", RETURN_REASONS.values(), ids=lambda one: one.code)
def test_the_words_of_iso_20022_are_understood(reason: reasons.ReturnReason) -> None:
    assert {reason_of(code) for code in reason.iso} <= {reason.code}


def test_a_word_that_nobody_knows_goes_to_the_office() -> None:
    assert reason_of("ZZ99") == "OTHER"
    assert RETURN_REASONS["OTHER"].next_step == reasons.OFFICE


@pytest.mark.parametrize("number", [0, *range(-1, -12, -1), -13, -14, -15, *range(-17, -22, -1)])
def test_a_code_of_the_four_element_check_names_what_comes_next(number: int) -> None:
    result = CHECK_RESULTS[str(number)]
    assert result.passes == (number == 0)
    assert (result.next_step == reasons.NOTHING) == (number == 0)


def test_a_card_is_warned_of_and_never_refused() -> None:
    body = "622848" + "0" * 12
    (good,) = [body + str(digit) for digit in range(10) if luhn_holds(body + str(digit))]
    bad = body + str((int(good[-1]) + 1) % 10)
    assert warnings_of(good, name_matches=True) == ()
    assert warnings_of(bad, name_matches=False) == ("name-differs", "luhn-fails")
    assert "card-type-credit" in warnings_of("625" + "0" * 13, name_matches=True)
