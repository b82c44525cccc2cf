"""What is sealed: the plain shapes behind a `Sealed` value, one per category. They never enter an event unsealed."""

from __future__ import annotations

from contracts.envelope import Value


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


class Account(Value, frozen=True, kw_only=True):
    """Category `bank`: the payee's own debit card (domain 4.6)."""

    account_name: str
    card_no: str
    bank_name: str = ""


class Facts(Value, frozen=True, kw_only=True):
    """Category `health`: what the papers of a claim say (domain 2.6, 4.1). Dates are ISO dates, Asia/Shanghai.

    `illness` is an identifier of the critical-illness list (domain 3.1) or "" ; `disabilities` lists
    (item, grade) pairs of JR/T 0083; money in fen.
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


class Note(Value, frozen=True, kw_only=True):
    """Category `health`: free text about a person's matter: an opinion, a reason, an answer."""

    text: str


class Measurements(Value, frozen=True, kw_only=True):
    """Category `health`: the values of one check-up, item code to value as the provider wrote it."""

    values: dict[str, str]
    advice: str = ""


class Reading(Value, frozen=True, kw_only=True):
    """The category of its paper (identity, bank or health): what stands on it, field to value (domain 4.1).

    Dates are ISO dates, money is in fen.
    """

    values: dict[str, str]
