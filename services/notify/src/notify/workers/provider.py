"""The port that every SMS provider stands behind: give it a text once, ask what became of it, have texts approved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from notify.domain.template import Template

WAITING, DELIVERED, UNDELIVERED = "waiting", "delivered", "undelivered"
REVIEWED, REFUSED, IN_REVIEW = "approved", "refused", "in-review"


class ProviderAway(Exception):
    """No usable answer: whether the message was taken is not known. Nothing personal is said about it here."""


@dataclass(frozen=True)
class Sms:
    """One text to one mobile. `variables` include the name; `text` is the whole without the signature."""

    message_id: str
    mobile: str
    template: Template
    provider_code: str
    variables: Mapping[str, str]
    text: str


@dataclass(frozen=True)
class Taken:
    """The provider has it."""

    reference: str


@dataclass(frozen=True)
class Refused:
    """The provider will never take it; `code` as in MessageFailed, `word` is the provider's own."""

    code: str
    word: str


@dataclass(frozen=True)
class NotNow:
    """The provider did not take it, and may tomorrow: its limits are reached."""

    word: str


Answer: TypeAlias = Taken | Refused | NotNow


@dataclass(frozen=True)
class Fate:
    """What the provider knows of a message it took: WAITING, DELIVERED or UNDELIVERED."""

    reference: str
    state: str
    word: str


@dataclass(frozen=True)
class Review:
    """What the provider thinks of a text: REVIEWED, REFUSED or IN_REVIEW."""

    state: str
    reason: str


class SmsProvider(Protocol):
    """All methods raise ProviderAway."""

    @property
    def name(self) -> str:
        """As it stands in events."""
        ...

    async def send(self, sms: Sms) -> Answer:
        """Give it one message."""
        ...

    async def fate(self, message_id: str, mobile: str) -> Fate | None:
        """What became of a message to a mobile; None when it never had it."""
        ...

    async def submit(self, template: Template) -> str:
        """Ask for approval; the provider's code for the text."""
        ...

    async def review(self, provider_code: str) -> Review:
        """What came of it."""
        ...
