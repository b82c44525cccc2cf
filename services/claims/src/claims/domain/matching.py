"""How a plan treats the bureau's data, as data: mode, hints and who has to confirm what (domain 6)."""

from __future__ import annotations

from contracts.envelope import Value

NOTIFY, AUTO_OPEN, AUTO_PAY = "NOTIFY", "AUTO_OPEN", "AUTO_PAY"
MODES = (NOTIFY, AUTO_OPEN, AUTO_PAY)

EXACT_NEW = "EXACT_NEW"
ALREADY_CLAIMED = "ALREADY_CLAIMED"
ALREADY_PAID = "ALREADY_PAID"
NAME_DIFF = "NAME_DIFF"
WEAK = "WEAK"
OUT_OF_PERIOD = "OUT_OF_PERIOD"
WAITING = "WAITING"
EXCLUDED = "EXCLUDED"
NO_SELF_PAY = "NO_SELF_PAY"
REVERSED = "REVERSED"
POSSIBLE_DUP = "POSSIBLE_DUP"
Q_AMOUNT = "Q_AMOUNT"
LEAD_CI = "LEAD_CI"
LEAD_ACCIDENT = "LEAD_ACCIDENT"
LEAD_DEATH = "LEAD_DEATH"
NOT_COVERED = "NOT_COVERED"
"""The row's person is not covered by the plan: counted, not kept."""
NO_SETL_ID = "NO_SETL_ID"
"""The row names no settlement: counted, not kept."""
NOT_INPATIENT = "NOT_INPATIENT"
"""The detail of EXCLUDED for a settlement that is no stay in hospital: nothing was refused to anybody."""
EARLY_REVERSAL = "EARLY"
"""The detail of REVERSED where a reversal came before any settlement of its visit and total: this may be the one."""
LEADS = (LEAD_DEATH, LEAD_CI, LEAD_ACCIDENT)
PAYABLE = (EXACT_NEW, *LEADS)
"""The stay is paid; a lead asks a person for more beside it."""
UNSURE = (NAME_DIFF, WEAK, POSSIBLE_DUP, Q_AMOUNT)
"""Waits for a person whatever the plan says: the machine does not know."""


class CodeRange(Value, frozen=True, kw_only=True):
    """ICD-10 codes from `first` to `last`, both with all their subdivisions, but those that begin with `but`."""

    first: str
    last: str
    but: tuple[str, ...] = ()


class Hint(Value, frozen=True, kw_only=True):
    """What a code of a diagnosis may mean; `operations` are prefixes, one of which must be there when given."""

    meaning: str
    ranges: tuple[CodeRange, ...]
    operations: tuple[str, ...] = ()


class Matching(Value, frozen=True, kw_only=True):
    """How settlements of the bureau are treated.

    `inpatient_types` and `type_exclusions` read `med_type`; hints are leads, never decisions. `confirmed` are result
    codes that a person has to confirm before the member is refused; `told` those that the member is told at once,
    unless the refusal rests on an assumption: then a person confirms it too. `hospital_levels` are the plan's levels
    by the bureau's codes. What is paid automatically, and up to what sum, says the plan's procedure.
    """

    mode: str
    inpatient_types: tuple[str, ...]
    type_exclusions: dict[str, str]
    diagnosis_exclusions: tuple[Hint, ...]
    illness_hints: tuple[Hint, ...]
    accident_ranges: tuple[CodeRange, ...]
    death_ways: tuple[str, ...]
    confirmed: tuple[str, ...]
    told: tuple[str, ...]
    hospital_levels: dict[str, str]


def in_ranges(code: str, ranges: tuple[CodeRange, ...]) -> bool:
    """Whether a code, in capitals, lies in one of the ranges."""
    return any(
        one.first <= code[: len(one.first)] and code[: len(one.last)] <= one.last and not code.startswith(one.but)
        for one in ranges
    )


def hinted(code: str, operations: tuple[str, ...], hints: tuple[Hint, ...]) -> str:
    """The first meaning that the diagnosis, with its operations, hints at; "" for none."""
    for hint in hints:
        if in_ranges(code, hint.ranges) and (
            not hint.operations or any(one.startswith(hint.operations) for one in operations)
        ):
            return hint.meaning
    return ""
