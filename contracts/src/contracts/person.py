"""What is sealed: the plain shapes behind a `Sealed` value, one per category. They never enter an event unsealed."""

from __future__ import annotations

import msgspec

from contracts.envelope import Value

AGE_BANDS = ((16, 24), (25, 34), (35, 44), (45, 54), (55, 60))
"""Full years, both ends within, as figures are told by age (domain 10)."""


class Identity(Value, frozen=True, kw_only=True):
    """Category `identity` (domain 5.2): who the person is."""

    name: str
    id_type: str
    id_no: str
    employer: str = ""
    remarks: str = ""


class Contact(Value, frozen=True, kw_only=True):
    """Category `contact`: how to reach and address the person."""

    name: str
    mobile: str


class OpenId(Value, frozen=True, kw_only=True):
    """Category `contact`: who the person is at the WeChat service account (domain 9.2)."""

    openid: str


class Employment(Value, frozen=True, kw_only=True):
    """Category `identity`: for whom the person works since the last change; free text (domain 5.2)."""

    employer: str


class Account(Value, frozen=True, kw_only=True):
    """Category `bank`: the payee's own debit card (domain 4.6); `cnaps` is the other bank's number (7.1)."""

    account_name: str
    card_no: str
    bank_name: str = ""
    cnaps: str = ""


class Facts(Value, frozen=True, kw_only=True):
    """Category `health`: what the papers of a claim say (domain 2.6, 4.1). Dates are ISO dates, Asia/Shanghai.

    `illness` is an identifier of the critical-illness list (domain 3.1) or "" ; `disabilities` lists
    (item, grade) pairs of JR/T 0083; money in fen. `settlement` is the bureau's row that the claim was opened
    for, every filled column but name and number (domain 6.2).
    (item, grade) pairs of JR/T 0083; money in fen. `dates` are (name, date) pairs of domain 2.6: PATHOLOGY,
    OPERATION, FIRST_DIAGNOSIS, ADMISSION, GRADED. `fund_paid_fen` is what the pooled fund paid, `third_party_paid_fen`
    what a third person, work-injury or occupational-injury cover paid; `hospital_days` 0 means by the stay's dates;
    `transferred_in` that the stay goes on after one of under 24 hours elsewhere, by the transfer form.
    """

    illness: str = ""
    illness_basis: str = ""
    narrative: str = ""
    cause_of_death: str = ""
    grading_standard: str = ""
    disabilities: tuple[tuple[str, int], ...] = ()
    exclusions: tuple[str, ...] = ()
    self_pay_in_scope_fen: int = 0
    self_paid_fen: int = 0
    settlement: dict[str, str] = msgspec.field(default_factory=dict)
    fund_paid_fen: int = 0
    third_party_paid_fen: int = 0
    hospital_level: str = ""
    hospital_days: int = 0
    transferred_in: bool = False
    emergency: bool = False
    dates: tuple[tuple[str, str], ...] = ()


class Note(Value, frozen=True, kw_only=True):
    """Category `health`: free text about a person's matter: an opinion, a reason, an answer."""

    text: str


class Measurements(Value, frozen=True, kw_only=True):
    """Category `health`: the values of one check-up, item code to value as the provider wrote it."""

    values: dict[str, str]
    advice: str = ""


class Household(Value, frozen=True, kw_only=True):
    """A family's figures for relief (domain 4.5): income and outlay of a year, the local minimum of a month, in fen.

    `minimum_living_fen` is the 最低生活保障 standard for one person and month; `event_cost_fen` what disaster,
    accident or serious illness cost in the year; `self_paid_fen` the member's own medical cost after all payments.
    """

    members: int = 1
    income_fen: int = 0
    rigid_outlay_fen: int = 0
    minimum_living_fen: int = 0
    event_cost_fen: int = 0
    self_paid_fen: int = 0


class ReliefFacts(Value, frozen=True, kw_only=True):
    """Category `health`: why relief is asked for, and the household as stated."""

    narrative: str
    household: Household


class ReliefFinding(Value, frozen=True, kw_only=True):
    """Category `health`: what the county found (home visit or phone): the household as verified, and its words."""

    opinion: str
    household: Household


class ObjectionText(Value, frozen=True, kw_only=True):
    """Category `health`: what was said against a case on the public list."""

    text: str


class BureauRow(Value, frozen=True, kw_only=True):
    """Category `health`: a row of the medical-insurance bureau's file, every column that it had (domain 6.2)."""

    values: dict[str, str]


class Reading(Value, frozen=True, kw_only=True):
    """The category of its paper (identity, bank or health): what stands on it, field to value (domain 4.1).

    Dates are ISO dates, money is in fen.
    """

    values: dict[str, str]
