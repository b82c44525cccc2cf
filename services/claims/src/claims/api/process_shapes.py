"""What is asked beside a claim's straight way: papers, returns, urgency, objections, recoveries."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from claims.api.shapes import (
    CODES_MAX,
    DOCUMENTS_MAX,
    MONEY_FEN_MAX,
    PAYEES_MAX,
    Asked,
    Benefit,
    DocumentAsked,
    FactsAsked,
    HeirsAsked,
    PayeeAsked,
    Reason,
    ShortText,
    Token,
)


class PapersAsked(Asked, frozen=True, kw_only=True):
    """What is missing (NEED_ codes, domain 4.7), all at once, and a word to the member, kept sealed."""

    needs: Annotated[tuple[Token, ...], Meta(min_length=1, max_length=CODES_MAX)]
    text: ShortText = ""


class PapersHandedIn(Asked, frozen=True, kw_only=True):
    """Papers that were asked for."""

    documents: Annotated[tuple[DocumentAsked, ...], Meta(min_length=1, max_length=DOCUMENTS_MAX)]


class ReturnAsked(Asked, frozen=True, kw_only=True):
    """A return to the step below by a reason code of the plan; the text is kept sealed."""

    reason: Token
    text: ShortText = ""


class UpgradeAsked(Asked, frozen=True, kw_only=True):
    """A benefit in the member's favour; `from_code` is what it takes the place of, "" for one that was missed."""

    benefit_code: Benefit
    from_code: Benefit | Literal[""] = ""
    reason: Reason


class ExtensionAsked(Asked, frozen=True, kw_only=True):
    """Why the claim is complex; kept sealed."""

    reason: Reason


class PayeesAsked(Asked, frozen=True, kw_only=True):
    """The accounts of a claim that was filed without; without `heirs` the payees of a death are all its heirs."""

    payees: Annotated[tuple[PayeeAsked, ...], Meta(min_length=1, max_length=PAYEES_MAX)]
    heirs: HeirsAsked | None = None


class UrgencyAsked(Asked, frozen=True, kw_only=True):
    """The urgent path, by a reason code of the plan."""

    trigger: Token
    reason: ShortText = ""


class AdvanceAsked(Asked, frozen=True, kw_only=True):
    """A part of a benefit that the rules grant already, paid ahead."""

    benefit_code: Benefit
    amount_fen: Annotated[int, Meta(ge=1, le=MONEY_FEN_MAX)]


class ObjectionAsked(Asked, frozen=True, kw_only=True):
    """Why the member objects; kept sealed."""

    reason: Reason


class ObjectionDecisionAsked(Asked, frozen=True, kw_only=True):
    """UPHELD, or OVERTURNED or PARTLY with the benefits to be granted or raised; the reason is kept sealed.

    Against a grant: `facts` and `at_work` as they are found now, where the filing's were wrong.
    """

    level: Annotated[int, Meta(ge=1, le=2)]
    outcome: Literal["UPHELD", "OVERTURNED", "PARTLY"]
    benefit_codes: Annotated[tuple[Benefit, ...], Meta(max_length=CODES_MAX)] = ()
    reason: Reason
    facts: FactsAsked | None = None
    at_work: bool | None = None


class SampleAsked(Asked, frozen=True, kw_only=True):
    """What a person found of a sampled automatic approval."""

    correct: bool
    text: ShortText = ""


class RecoveryAsked(Asked, frozen=True, kw_only=True):
    """Money asked back; FRAUD also bars the person from claiming. The text is kept sealed."""

    amount_fen: Annotated[int, Meta(ge=1, le=MONEY_FEN_MAX)]
    reason: Literal["REVERSED", "WRONG_AMOUNT", "WRONG_PERSON", "ADVANCE", "FRAUD"]
    text: ShortText = ""


class ReceiptAsked(Asked, frozen=True, kw_only=True):
    """A part that has come back, by the bank's receipt."""

    receipt_id: Annotated[str, Meta(pattern=r"^[0-9A-Za-z-]{1,60}$")]
    amount_fen: Annotated[int, Meta(ge=1, le=MONEY_FEN_MAX)]


class WriteOffAsked(Asked, frozen=True, kw_only=True):
    """Why no more is asked for; kept sealed."""

    reason: Reason


class WriteOffDecisionAsked(Asked, frozen=True, kw_only=True):
    """The second person's word."""

    agreed: bool


class RecoveryStanding(msgspec.Struct, frozen=True, kw_only=True):
    """Money asked back, after a step: OPEN, RECOVERED or WRITTEN_OFF."""

    claim_id: str
    state: str
    left_fen: int
