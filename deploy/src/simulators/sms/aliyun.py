"""The provider in Aliyun's dialect: signed requests to one address, an action each (OpenAPI of 2017-05-25)."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import msgspec
from litestar import Request, Response, post

from chassis.clock import SHANGHAI, new_id, real_now
from simulators.sms.box import Box
from simulators.sms.mood import Mood, ends

SCHEME = "ACS3-HMAC-SHA256"
SKEW = timedelta(minutes=15)
NONCES_MAX = 100_000
SIGNED_ALWAYS = {"host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version"}
MOBILE = re.compile(r"1\d{10}")
SLOT = re.compile(r"\$\{(\w+)\}")
NAMES_MAX = 30
TEXT_CHARS_MAX = 500
SENT, FAILED, ARRIVED = 1, 2, 3


class Refused(Exception):
    """The request is not Aliyun's to answer: HTTP status and code."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


class Keys:
    """Who may ask: access keys by id; a nonce serves once."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        """Secrets by access key id."""
        self._secrets = dict(secrets)
        self._nonces: OrderedDict[str, None] = OrderedDict()

    def check(self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes) -> None:
        """Whether the request was signed with a known key, lately, once. Raises Refused."""
        given = re.fullmatch(
            rf"{SCHEME} Credential=([^,]+),SignedHeaders=([^,]+),Signature=([0-9a-f]{{64}})",
            headers.get("authorization", ""),
        )
        if given is None:
            raise Refused(HTTPStatus.BAD_REQUEST, "MissingParameter")
        key_id, names, signature = given.groups()
        if key_id not in self._secrets:
            raise Refused(HTTPStatus.NOT_FOUND, "InvalidAccessKeyId.NotFound")
        digest = hashlib.sha256(body).hexdigest()
        if not set(names.split(";")) >= SIGNED_ALWAYS or headers["x-acs-content-sha256"] != digest:
            raise Refused(HTTPStatus.BAD_REQUEST, "SignatureDoesNotMatch")
        asked = "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in sorted(query.items()))
        lines = "".join(f"{name}:{headers[name].strip()}\n" for name in names.split(";"))
        canonical = f"{method}\n{path}\n{asked}\n{lines}\n{names}\n{digest}"
        to_sign = f"{SCHEME}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        right = hmac.new(self._secrets[key_id].encode(), to_sign.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(right, signature):
            raise Refused(HTTPStatus.BAD_REQUEST, "SignatureDoesNotMatch")
        self._once(headers["x-acs-date"], headers["x-acs-signature-nonce"])

    def _once(self, date: str, nonce: str) -> None:
        moment = datetime.strptime(date, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        if abs(real_now() - moment) > SKEW:
            raise Refused(HTTPStatus.BAD_REQUEST, "InvalidTimeStamp.Expired")
        if nonce in self._nonces:
            raise Refused(HTTPStatus.BAD_REQUEST, "SignatureNonceUsed")
        self._nonces[nonce] = None
        if len(self._nonces) > NONCES_MAX:
            self._nonces.popitem(last=False)


def _send(asked: Mapping[str, str], box: Box, mood: Mood) -> dict[str, Any]:
    """SendSms: takes the same OutId as often as it is given, as Aliyun does."""
    behaviour = mood.behaviour
    mobile = asked.get("PhoneNumbers", "")
    if not MOBILE.fullmatch(mobile) or ends(mobile, behaviour.illegal_suffix):
        return {"Code": "isv.MOBILE_NUMBER_ILLEGAL"}
    if ends(mobile, behaviour.refuse_suffix):
        return {"Code": "isv.BLACK_KEY_CONTROL_LIMIT"}
    if not asked.get("SignName"):
        return {"Code": "isv.SMS_SIGNATURE_ILLEGAL"}
    template = box.template(asked.get("TemplateCode", ""))
    if template is None or _review(template, mood) != "1":
        return {"Code": "isv.SMS_TEMPLATE_ILLEGAL"}
    try:
        values = msgspec.json.decode(asked.get("TemplateParam", "{}"), type=dict[str, str])
    except msgspec.DecodeError:
        return {"Code": "isv.INVALID_JSON_PARAM"}
    if set(SLOT.findall(template[1])) - set(values):
        return {"Code": "isv.TEMPLATE_MISSING_PARAMETERS"}
    text = f"【{asked['SignName']}】" + SLOT.sub(lambda slot: values[slot[1]], template[1])
    day = real_now().astimezone(SHANGHAI).strftime("%Y%m%d")
    limit = behaviour.day_max
    if ends(mobile, behaviour.limit_suffix) or (
        limit and (box.count_day(mobile, day) >= limit or box.count_day(mobile, day, text))
    ):
        return {"Code": "isv.BUSINESS_LIMIT_CONTROL"}
    fate = "UNDELIV" if ends(mobile, behaviour.unreachable_suffix) else "DELIVRD"
    number = box.add(asked.get("OutId", ""), mobile, text, day, "" if behaviour.silent else fate)
    if not behaviour.silent:
        for _ in range(2 if behaviour.duplicate_receipts else 1):
            box.deliver(asked.get("OutId", ""), fate)
    mood.after()
    return {"Code": "OK", "Message": "OK", "BizId": f"{number}^0"}


def _details(asked: Mapping[str, str], box: Box, mood: Mood) -> dict[str, Any]:
    """QuerySendDetails: what became of a number's messages of one day."""
    page, size = int(asked.get("CurrentPage", "1")), min(50, int(asked.get("PageSize", "10")))
    found = box.details(asked.get("PhoneNumber", ""), asked.get("SendDate", ""))
    details = []
    for one in found[(page - 1) * size : page * size]:
        told = one.fate and one.asked > mood.behaviour.receipt_after
        status = SENT if not told else ARRIVED if one.fate == "DELIVRD" else FAILED
        word = "" if not told else "DELIVERED" if one.fate == "DELIVRD" else "MOBILE_NOT_ON_SERVICE"
        details.append({"SendStatus": status, "OutId": one.message_id, "ErrCode": word, "Content": one.text})
    return {
        "Code": "OK",
        "Message": "OK",
        "TotalCount": len(found),
        "SmsSendDetailDTOs": {"SmsSendDetailDTO": details},
    }


def _submit(asked: Mapping[str, str], box: Box, mood: Mood) -> dict[str, Any]:  # noqa: ARG001 - as the others
    """CreateSmsTemplate."""
    name, text = asked.get("TemplateName", ""), asked.get("TemplateContent", "")
    slots = SLOT.findall(text)
    if not name or len(name) > NAMES_MAX or not text or len(text) > TEXT_CHARS_MAX or len(slots) != len(set(slots)):
        return {"Code": "isv.INVALID_PARAMETERS"}
    return {"Code": "OK", "Message": "OK", "TemplateCode": box.submit(name, text), "TemplateName": name}


def _review(template: tuple[str, str, int], mood: Mood) -> str:
    behaviour = mood.behaviour
    if behaviour.refuse_template and template[0].startswith(behaviour.refuse_template):
        return "2"
    return "0" if template[2] < behaviour.review_after else "1"


def _look(asked: Mapping[str, str], box: Box, mood: Mood) -> dict[str, Any]:
    """GetSmsTemplate."""
    code = asked.get("TemplateCode", "")
    template = box.template(code)
    if template is None:
        return {"Code": "isv.SMS_TEMPLATE_ILLEGAL"}
    status = _review(template, mood)
    box.ask_review(code)
    audit = {"AuditInfo": {"RejectInfo": "内容不规范"}} if status == "2" else {}
    return {"Code": "OK", "Message": "OK", "TemplateCode": code, "TemplateStatus": status, **audit}


ACTIONS: dict[str, Callable[[Mapping[str, str], Box, Mood], dict[str, Any]]] = {
    "SendSms": _send,
    "QuerySendDetails": _details,
    "CreateSmsTemplate": _submit,
    "GetSmsTemplate": _look,
}


@post("/", status_code=HTTPStatus.OK)
async def rpc(request: Request[Any, Any, Any], box: Box, mood: Mood, keys: Keys) -> Response[dict[str, Any]]:
    """One signed request."""
    query = dict(request.query_params.items())
    action = request.headers.get("x-acs-action", "")
    try:
        keys.check("POST", "/", query, request.headers, await request.body())
    except Refused as refused:
        return Response({"Code": refused.code, "RequestId": new_id()}, status_code=refused.status)
    if action not in ACTIONS:
        return Response({"Code": "InvalidAction.NotFound"}, status_code=HTTPStatus.NOT_FOUND)
    await mood.before()
    answer = {"RequestId": new_id(), **ACTIONS[action](query, box, mood)}
    return Response({"Message": answer["Code"], **answer})
