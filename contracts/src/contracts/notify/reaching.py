"""Events of notify: how people are reached: approved texts, bindings, codes, mobiles in doubt, notices to officers."""

from __future__ import annotations

from contracts.envelope import Event, Sealed


class TemplateSubmitted(Event, frozen=True, kw_only=True):
    """A version of a text was given to the provider for approval (domain 9.1). Stream `template-<code>.<version>`.

    `text_digest` is the SHA-256 of the text; `provider_code` the provider's name for it; `by` who gave it in.
    """

    template_code: str
    version: int
    text_digest: str
    provider: str
    provider_code: str
    by: str


class TemplateApproved(Event, frozen=True, kw_only=True):
    """The provider approved it: from now on it may be sent. Stream `template-…`. `approved_by` is the provider."""

    template_code: str
    version: int
    provider_code: str
    approved_by: str


class TemplateRefused(Event, frozen=True, kw_only=True):
    """The provider refused it, for `reason` in its words; it may be given in again. Stream `template-…`."""

    template_code: str
    version: int
    reason: str


class TemplateReopened(Event, frozen=True, kw_only=True):
    """A refused version is to be given in again, for `reason`; `by` who asked. Stream `template-…`."""

    template_code: str
    version: int
    reason: str
    by: str


class CodeIssued(Event, frozen=True, kw_only=True):
    """A verification code was made; the code itself stands nowhere (domain 9.3). Stream `code-<id>`.

    `purpose`: wechat-binding. `expires_at` is a business time in UTC.
    """

    code_id: str
    person_id: str
    purpose: str
    expires_at: str


class CodeMissed(Event, frozen=True, kw_only=True):
    """A wrong code was given; `misses` so far. Stream `code-<id>`."""

    code_id: str
    misses: int


class CodeUsed(Event, frozen=True, kw_only=True):
    """The right code was given in time; it serves once. Stream `code-<id>`."""

    code_id: str


class WechatBound(Event, frozen=True, kw_only=True):
    """A person follows the service account (domain 9.2). Stream `binding-<person>`. Sealed: an `OpenId`, contact.

    `scene_code` is that of the sticker or leaflet whose QR code led to it (domain 8.3), "" where none did.
    """

    person_id: str
    openid: Sealed
    code_id: str
    scene_code: str = ""


class WechatUnbound(Event, frozen=True, kw_only=True):
    """The person is no longer reached by WeChat. Stream `binding-<person>`. `reason`: asked or erased."""

    person_id: str
    reason: str


class MobileFailed(Event, frozen=True, kw_only=True):
    """A message did not reach the person's mobile; `failures` in a row (domain 9.1). Stream `mobile-<person>`."""

    person_id: str
    message_id: str
    failures: int


class MobileDoubted(Event, frozen=True, kw_only=True):
    """The mobile failed too often: the unit is to find out the right one. Stream `mobile-<person>`."""

    person_id: str
    failures: int


class MobileCleared(Event, frozen=True, kw_only=True):
    """The mobile is trusted again. Stream `mobile-<person>`. `reason`: delivered or changed."""

    person_id: str
    reason: str


class NoticePosted(Event, frozen=True, kw_only=True):
    """Officers are told something in the app (domain 9.3). Stream `notice-<key>`.

    `kind`: pool-alert, top-up-request, office-call, template-refused or task-digest. Whoever has one of `roles` at
    `org_path` reads it. Nothing in `facts` is personal; `posted_on` is an ISO date.
    """

    notice_id: str
    kind: str
    roles: tuple[str, ...]
    org_path: str
    facts: dict[str, str]
    posted_on: str


EVENTS: dict[str, type[Event]] = {
    "notify.template-submitted.v1": TemplateSubmitted,
    "notify.template-approved.v1": TemplateApproved,
    "notify.template-refused.v1": TemplateRefused,
    "notify.template-reopened.v1": TemplateReopened,
    "notify.code-issued.v1": CodeIssued,
    "notify.code-missed.v1": CodeMissed,
    "notify.code-used.v1": CodeUsed,
    "notify.wechat-bound.v1": WechatBound,
    "notify.wechat-unbound.v1": WechatUnbound,
    "notify.mobile-failed.v1": MobileFailed,
    "notify.mobile-doubted.v1": MobileDoubted,
    "notify.mobile-cleared.v1": MobileCleared,
    "notify.notice-posted.v1": NoticePosted,
}
