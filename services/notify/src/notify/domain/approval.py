"""A version of a text on its way through the provider's review: drafted, submitted, approved or refused; reopened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from chassis.decider import Decider, Rejected
from contracts.notify.reaching import TemplateApproved, TemplateRefused, TemplateReopened, TemplateSubmitted


@dataclass(frozen=True)
class Drafted:
    """It stands in a file, and nobody has been asked."""


@dataclass(frozen=True)
class Submitted:
    """The provider looks at it; `text_digest` is of the text that it was given."""

    text_digest: str
    provider: str
    provider_code: str


@dataclass(frozen=True)
class Approved:
    """It may be sent, as the text that was approved and no other, by the provider that approved it."""

    text_digest: str
    provider: str
    provider_code: str


@dataclass(frozen=True)
class Refused:
    """The provider will not send it."""

    reason: str


@dataclass(frozen=True)
class Reopened:
    """Somebody asked for another look: it is given in again."""


Approval: TypeAlias = Drafted | Submitted | Approved | Refused | Reopened
ApprovalEvent: TypeAlias = TemplateSubmitted | TemplateApproved | TemplateRefused | TemplateReopened


@dataclass(frozen=True)
class SubmitTemplate:
    """Ask the provider; `provider_code` is its name for the text."""

    template_code: str
    version: int
    text_digest: str
    provider: str
    provider_code: str
    by: str


@dataclass(frozen=True)
class RecordApproval:
    """The provider said yes."""

    template_code: str
    version: int
    approved_by: str


@dataclass(frozen=True)
class RecordRefusal:
    """The provider said no, in its words."""

    template_code: str
    version: int
    reason: str


@dataclass(frozen=True)
class ReopenTemplate:
    """Give a refused text in again as it is: the refusal was a mistake, or what it missed was supplied."""

    template_code: str
    version: int
    reason: str
    by: str


ApprovalCommand: TypeAlias = SubmitTemplate | RecordApproval | RecordRefusal | ReopenTemplate


def evolve(approval: Approval, event: ApprovalEvent) -> Approval:
    """Fold one event."""
    match event:
        case TemplateSubmitted():
            return Submitted(event.text_digest, event.provider, event.provider_code)
        case TemplateApproved():
            digest = approval.text_digest if isinstance(approval, Submitted) else ""
            return Approved(digest, event.approved_by, event.provider_code)
        case TemplateRefused():
            return Refused(event.reason)
        case TemplateReopened():
            return Reopened()


def decide(command: ApprovalCommand, approval: Approval) -> list[ApprovalEvent]:
    """Only what was asked about is answered; an approved text is not asked about again (domain 9.1)."""
    match command, approval:
        case SubmitTemplate(), Submitted(digest) | Approved(digest) if approval.provider == command.provider:
            if digest != command.text_digest:
                raise Rejected("template-differs", "Another text was given in as this version: make a new version.")
            return []
        case SubmitTemplate(), _:
            return [
                TemplateSubmitted(
                    template_code=command.template_code,
                    version=command.version,
                    text_digest=command.text_digest,
                    provider=command.provider,
                    provider_code=command.provider_code,
                    by=command.by,
                )
            ]
        case RecordApproval(), Submitted(provider_code=provider_code):
            return [
                TemplateApproved(
                    template_code=command.template_code,
                    version=command.version,
                    provider_code=provider_code,
                    approved_by=command.approved_by,
                )
            ]
        case RecordRefusal(), Submitted():
            return [
                TemplateRefused(template_code=command.template_code, version=command.version, reason=command.reason)
            ]
        case ReopenTemplate(), Refused():
            return [
                TemplateReopened(
                    template_code=command.template_code,
                    version=command.version,
                    reason=command.reason,
                    by=command.by,
                )
            ]
        case (RecordApproval(), Approved()) | (RecordRefusal(), Refused()) | (ReopenTemplate(), Reopened()):
            return []
        case ReopenTemplate(), _:
            raise Rejected("template-not-refused", "Only a refused text is given in again.")
        case _:
            raise Rejected("template-not-submitted", "The provider has not been asked about this text.")


APPROVAL = Decider[ApprovalCommand, Approval, ApprovalEvent]("template", Drafted(), evolve, decide)


def stream_key(template_code: str, version: int) -> str:
    """The key of a version's approval."""
    return f"{template_code}.{version}"
