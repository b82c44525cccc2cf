"""The WeChat service account's stand-in: a token for its secret, one notice at a time, its own records."""

from __future__ import annotations

import sqlite3
from http import HTTPStatus
from pathlib import Path
from typing import Any

import msgspec
from litestar import Router, get, post
from litestar.exceptions import HTTPException
from litestar.params import FromQuery, JSONBody

from chassis.clock import new_id

SCHEMA = """
CREATE TABLE IF NOT EXISTS notice (
    number INTEGER PRIMARY KEY, openid TEXT NOT NULL, template_id TEXT NOT NULL, data TEXT NOT NULL);
"""
TOKEN_S = 7_200
NO_QUOTA, NOT_FOLLOWING, TOKEN_WRONG, SECRET_WRONG = 43101, 43004, 40001, 40125


class Notice(msgspec.Struct, frozen=True):
    """A subscription notice as WeChat takes it."""

    touser: str
    template_id: str
    data: dict[str, dict[str, str]]
    page: str = ""


class Credential(msgspec.Struct, frozen=True):
    """Who asks for a token."""

    grant_type: str
    appid: str
    secret: str


class WechatBehaviour(msgspec.Struct, forbid_unknown_fields=True):
    """`fail` requests end in 503 untaken, `lose` are taken and answered 503, `forget_tokens` makes all tokens wrong.

    An openid that ends in `no_quota_suffix` has agreed to no notice, one in `not_following_suffix` has left.
    """

    fail: int = 0
    lose: int = 0
    no_quota_suffix: str = ""
    not_following_suffix: str = ""
    forget_tokens: bool = False


class Account:
    """One service account: its records, its tokens, its mood."""

    def __init__(self, path: Path, secret: str) -> None:
        """Open or make the file; `secret` is what a token costs."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.executescript(SCHEMA)
        self.secret = secret
        self.tokens: set[str] = set()
        self.behaviour = WechatBehaviour()

    def take(self, notice: Notice) -> int:
        """The notice's number."""
        data = msgspec.json.encode(notice.data).decode()
        cursor = self._db.execute(
            "INSERT INTO notice (openid, template_id, data) VALUES (?, ?, ?)", (notice.touser, notice.template_id, data)
        )
        return int(cursor.lastrowid or 0)

    def notices(self, openid: str) -> list[dict[str, Any]]:
        """What reached one account, or all."""
        rows = self._db.execute(
            "SELECT openid, template_id, data FROM notice WHERE ? = '' OR openid = ? ORDER BY number", (openid, openid)
        )
        return [{"openid": row[0], "template_id": row[1], "data": msgspec.json.decode(row[2])} for row in rows]

    def close(self) -> None:
        """Close the file."""
        self._db.close()


@post("/cgi-bin/stable_token", status_code=HTTPStatus.OK)
async def token(data: JSONBody[Credential], account: Account) -> dict[str, Any]:
    """A token for the secret."""
    if data.secret != account.secret:
        return {"errcode": SECRET_WRONG, "errmsg": "invalid appsecret"}
    fresh = new_id()
    account.tokens.add(fresh)
    return {"access_token": fresh, "expires_in": TOKEN_S}


@post("/cgi-bin/message/subscribe/bizsend", status_code=HTTPStatus.OK)
async def take(data: JSONBody[Notice], account: Account, access_token: FromQuery[str] = "") -> dict[str, Any]:
    """Take a notice as often as it is given: WeChat knows no id of ours."""
    behaviour = account.behaviour
    if behaviour.forget_tokens:
        account.tokens.clear()
        behaviour.forget_tokens = False
    if access_token not in account.tokens:
        return {"errcode": TOKEN_WRONG, "errmsg": "invalid credential"}
    if behaviour.fail > 0:
        behaviour.fail -= 1
        raise HTTPException("Try again.", status_code=HTTPStatus.SERVICE_UNAVAILABLE)
    for suffix, code in ((behaviour.no_quota_suffix, NO_QUOTA), (behaviour.not_following_suffix, NOT_FOLLOWING)):
        if suffix and data.touser.endswith(suffix):
            return {"errcode": code, "errmsg": "user refuse to accept the msg"}
    number = account.take(data)
    if behaviour.lose > 0:
        behaviour.lose -= 1
        raise HTTPException("Try again.", status_code=HTTPStatus.SERVICE_UNAVAILABLE)
    return {"errcode": 0, "errmsg": "ok", "msgid": number}


@get("/notices")
async def notices(account: Account, openid: FromQuery[str] = "") -> list[dict[str, Any]]:
    """The oracle: what arrived where."""
    return account.notices(openid)


@post("/behaviour", status_code=HTTPStatus.OK)
async def behave(data: JSONBody[WechatBehaviour], account: Account) -> WechatBehaviour:
    """Behave like this from now on; an empty object means well."""
    account.behaviour = data
    return data


def wechat_router() -> Router:
    """Everything under /wechat."""
    return Router("/wechat", route_handlers=[token, take, notices, behave])
