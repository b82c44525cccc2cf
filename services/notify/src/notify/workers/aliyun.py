"""Aliyun's SMS service over HTTP, signed with ACS3-HMAC-SHA256 (its OpenAPI of 2017-05-25)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import quote, urlsplit

import httpx
import msgspec

from chassis.clock import SHANGHAI, new_id, real_now
from notify.domain.template import CODE, NOTICE, PROMOTION, SIGNATURE, Template
from notify.workers.provider import (
    DELIVERED,
    IN_REVIEW,
    REFUSED,
    REVIEWED,
    UNDELIVERED,
    WAITING,
    Answer,
    Fate,
    NotNow,
    ProviderAway,
    Refused,
    Review,
    Sms,
    Taken,
)

ALGORITHM = "ACS3-HMAC-SHA256"
VERSION = "2017-05-25"
OK = "OK"
LIMITS = frozenset({"isv.BUSINESS_LIMIT_CONTROL", "isv.DAY_LIMIT_CONTROL"})
BAD_NUMBERS = frozenset({"isv.MOBILE_NUMBER_ILLEGAL", "isv.MOBILE_COUNT_OVER_LIMIT"})
FOR_GOOD = frozenset(
    {
        "isv.SMS_TEMPLATE_ILLEGAL",
        "isv.SMS_SIGNATURE_ILLEGAL",
        "isv.SMS_CONTENT_ILLEGAL",
        "isv.INVALID_PARAMETERS",
        "isv.TEMPLATE_MISSING_PARAMETERS",
        "isv.TEMPLATE_PARAMS_ILLEGAL",
        "isv.PARAM_LENGTH_LIMIT",
        "isv.BLACK_KEY_CONTROL_LIMIT",
        "isv.BLACK_LIST",
    }
)
"""Every other code may mend itself, or is for the operator to mend: tried again, then parked."""
STATUS = {1: WAITING, 2: UNDELIVERED, 3: DELIVERED}
REVIEWS = {"0": IN_REVIEW, "1": REVIEWED, "2": REFUSED, "10": REFUSED}
KINDS = {CODE: 0, NOTICE: 1, PROMOTION: 2}
PAGE = 50
PAGES_MAX = 4
"""One number gets at most a few dozen messages in a day."""
DAYS_ASKED = 3
"""Carriers confirm within three days, or never."""

T = TypeVar("T", bound=msgspec.Struct)


class _Sent(msgspec.Struct, frozen=True, rename="pascal"):
    code: str
    biz_id: str = ""


class _Detail(msgspec.Struct, frozen=True, rename="pascal"):
    send_status: int
    out_id: str = ""
    err_code: str = ""


class _Details(msgspec.Struct, frozen=True):
    found: list[_Detail] = msgspec.field(name="SmsSendDetailDTO", default_factory=list)


class _Page(msgspec.Struct, frozen=True):
    code: str = msgspec.field(name="Code")
    total: int | str = msgspec.field(name="TotalCount", default=0)
    details: _Details = msgspec.field(name="SmsSendDetailDTOs", default_factory=_Details)


class _Submitted(msgspec.Struct, frozen=True, rename="pascal"):
    code: str
    template_code: str = ""


class _Audit(msgspec.Struct, frozen=True, rename="pascal"):
    reject_info: str = ""


class _Reviewed(msgspec.Struct, frozen=True, rename="pascal"):
    code: str
    template_status: str | int = ""
    audit_info: _Audit | None = None


def canonical_query(query: Mapping[str, str]) -> str:
    """Sorted by name, percent-encoded as RFC 3986 says."""
    return "&".join(f"{quote(name, safe='~')}={quote(query[name], safe='~')}" for name in sorted(query))


def authorization(
    method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body_hash: str, key: tuple[str, str]
) -> str:
    """The `Authorization` header over all of `headers`; `key` is the access key's id and secret."""
    signed = sorted((name.lower(), value.strip()) for name, value in headers.items())
    names = ";".join(name for name, _ in signed)
    lines = "".join(f"{name}:{value}\n" for name, value in signed)
    request = "\n".join((method, path, canonical_query(query), lines, names, body_hash))
    to_sign = f"{ALGORITHM}\n{hashlib.sha256(request.encode()).hexdigest()}"
    signature = hmac.new(key[1].encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    return f"{ALGORITHM} Credential={key[0]},SignedHeaders={names},Signature={signature}"


class Aliyun:
    """The provider as Aliyun speaks it."""

    name = "aliyun"

    def __init__(self, http: httpx.AsyncClient, url: str, key: tuple[str, str], timeout_ms: int) -> None:
        """`url` is the endpoint; `key` the access key's id and secret."""
        self._http = http
        self._url = url.rstrip("/") + "/"
        self._key = key
        self._timeout_s = timeout_ms / 1000

    async def send(self, sms: Sms) -> Answer:
        """SendSms; its OutId finds the message again, and does not keep Aliyun from taking it twice."""
        query = {
            "PhoneNumbers": sms.mobile,
            "SignName": SIGNATURE.strip("【】"),
            "TemplateCode": sms.provider_code,
            "TemplateParam": msgspec.json.encode(dict(sms.variables)).decode(),
            "OutId": sms.message_id,
        }
        answer = await self._ask("SendSms", query, _Sent)
        if answer.code == OK:
            return Taken(answer.biz_id)
        if answer.code in LIMITS:
            return NotNow(answer.code)
        if answer.code in BAD_NUMBERS:
            return Refused("mobile-invalid", answer.code)
        if answer.code in FOR_GOOD:
            return Refused("provider-refused", answer.code)
        raise ProviderAway(answer.code)

    async def fate(self, message_id: str, mobile: str) -> Fate | None:
        """QuerySendDetails, of today and the days before: Aliyun finds by number and day alone."""
        today = real_now().astimezone(SHANGHAI).date()
        for back in range(DAYS_ASKED):
            day = (today - timedelta(days=back)).strftime("%Y%m%d")
            for page in range(1, PAGES_MAX + 1):
                query = {"PhoneNumber": mobile, "SendDate": day, "PageSize": str(PAGE), "CurrentPage": str(page)}
                answer = await self._ask("QuerySendDetails", query, _Page)
                if answer.code != OK:
                    raise ProviderAway(answer.code)
                for detail in answer.details.found:
                    if detail.out_id == message_id:
                        return Fate("", STATUS.get(detail.send_status, WAITING), detail.err_code)
                if page * PAGE >= int(answer.total):
                    break
        return None

    async def submit(self, template: Template) -> str:
        """CreateSmsTemplate; placeholders are written `${name}` there."""
        query = {
            "TemplateName": f"{template.code}.v{template.version}"[:30],
            "TemplateContent": template.text.replace("{", "${"),
            "TemplateType": str(KINDS[template.kind]),
            "RelatedSignName": SIGNATURE.strip("【】"),
            "Remark": "互助保障业务通知",
        }
        answer = await self._ask("CreateSmsTemplate", query, _Submitted)
        if answer.code != OK or not answer.template_code:
            raise ProviderAway(answer.code)
        return answer.template_code

    async def review(self, provider_code: str) -> Review:
        """GetSmsTemplate."""
        answer = await self._ask("GetSmsTemplate", {"TemplateCode": provider_code}, _Reviewed)
        if answer.code != OK:
            raise ProviderAway(answer.code)
        reason = answer.audit_info.reject_info if answer.audit_info else ""
        return Review(REVIEWS.get(str(answer.template_status), IN_REVIEW), reason)

    async def _ask(self, action: str, query: Mapping[str, str], shape: type[T]) -> T:
        body_hash = hashlib.sha256(b"").hexdigest()
        headers = {
            "host": urlsplit(self._url).netloc,
            "x-acs-action": action,
            "x-acs-version": VERSION,
            "x-acs-date": real_now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "x-acs-signature-nonce": new_id(),
            "x-acs-content-sha256": body_hash,
        }
        headers["Authorization"] = authorization("POST", "/", query, headers, body_hash, self._key)
        url = f"{self._url}?{canonical_query(query)}"
        try:
            answer = await self._http.post(url, headers=headers, timeout=self._timeout_s)
            if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise ProviderAway(str(answer.status_code))
            return msgspec.json.decode(answer.content, type=shape, strict=False)
        except httpx.HTTPError as error:
            raise ProviderAway(type(error).__name__) from None
        except (msgspec.DecodeError, msgspec.ValidationError):
            raise ProviderAway("answer-unreadable") from None
