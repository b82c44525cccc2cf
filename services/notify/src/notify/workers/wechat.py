"""The WeChat service account's subscription notices: sent once, since nothing can be asked about one (domain 9.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeVar

import httpx
import msgspec

from chassis.clock import real_now

NO_QUOTA = 43101
"""The person has not agreed to another notice."""
NOT_FOLLOWING = 43004
BAD_OPENID = 40003
UNREACHABLE = {NO_QUOTA: "no-quota", NOT_FOLLOWING: "not-following", BAD_OPENID: "openid-unknown"}
TOKEN_WRONG = frozenset({40001, 40014, 42001})
TOKEN_SPARE_S = 300
"""A token is renewed this long before its end."""
PAGE_PATH = "pages/messages"


class WechatAway(Exception):
    """The notice was certainly not taken: no token, or an answer that says so."""


class FateUnknown(Exception):
    """The request went out and no answer came: it may have been taken, and nobody can be asked."""


@dataclass(frozen=True)
class Unreachable:
    """This person is not reached by WeChat now."""

    reason: str


class _Token(msgspec.Struct, frozen=True):
    access_token: str = ""
    expires_in: int = 0
    errcode: int = 0


class _Told(msgspec.Struct, frozen=True):
    errcode: int = 0
    msgid: int | str = ""


T = TypeVar("T")


class Wechat:
    """One service account."""

    name = "wechat"

    def __init__(self, http: httpx.AsyncClient, url: str, key: tuple[str, str], timeout_ms: int) -> None:
        """`url` is the interface's address; `key` the account's id and secret."""
        self._http = http
        self._url = url.rstrip("/")
        self._key = key
        self._timeout_s = timeout_ms / 1000
        self._token = ""
        self._token_until = 0.0

    async def send(self, openid: str, template_id: str, variables: Mapping[str, str]) -> str | Unreachable:
        """The notice's id, or why the person is not reached. Raises WechatAway, FateUnknown."""
        body = {
            "touser": openid,
            "template_id": template_id,
            "page": PAGE_PATH,
            "data": {name: {"value": value} for name, value in variables.items()},
        }
        for fresh in (False, True):
            token = await self._access_token(fresh=fresh)
            told = await self._notice(token, body)
            if told.errcode not in TOKEN_WRONG:
                break
        if told.errcode in UNREACHABLE:
            return Unreachable(UNREACHABLE[told.errcode])
        if told.errcode:
            raise WechatAway(str(told.errcode))
        return str(told.msgid)

    async def _notice(self, token: str, body: object) -> _Told:
        try:
            answer = await self._http.post(
                f"{self._url}/cgi-bin/message/subscribe/bizsend",
                params={"access_token": token},
                json=body,
                timeout=self._timeout_s,
            )
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise WechatAway(type(error).__name__) from None
        except httpx.HTTPError as error:
            raise FateUnknown(type(error).__name__) from None
        if answer.status_code != HTTPStatus.OK:
            raise FateUnknown(str(answer.status_code))
        return _read(answer, _Told, FateUnknown)

    async def _access_token(self, *, fresh: bool) -> str:
        now = real_now().timestamp()
        if fresh or now >= self._token_until:
            body = {"grant_type": "client_credential", "appid": self._key[0], "secret": self._key[1]}
            try:
                answer = await self._http.post(f"{self._url}/cgi-bin/stable_token", json=body, timeout=self._timeout_s)
            except httpx.HTTPError as error:
                raise WechatAway(type(error).__name__) from None
            if answer.is_error:
                raise WechatAway(str(answer.status_code))
            token = _read(answer, _Token, WechatAway)
            if not token.access_token:
                raise WechatAway(str(token.errcode))
            self._token = token.access_token
            self._token_until = now + max(0, token.expires_in - TOKEN_SPARE_S)
        return self._token


def _read(answer: httpx.Response, shape: type[T], error: type[Exception]) -> T:
    try:
        return msgspec.json.decode(answer.content, type=shape)
    except msgspec.DecodeError:
        raise error("answer-unreadable") from None
