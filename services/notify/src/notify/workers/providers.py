"""Which providers this machine speaks to, as the settings say."""

from __future__ import annotations

from functools import cache

import httpx
import msgspec

from chassis.context import Context
from notify.workers.aliyun import Aliyun
from notify.workers.plain import Plain
from notify.workers.provider import SmsProvider
from notify.workers.wechat import Wechat


def sms(context: Context) -> SmsProvider:
    """The SMS provider."""
    settings = context.settings
    if settings.sms_provider == Plain.name:
        return Plain(context.http, settings.sms_url, settings.sms_timeout_ms)
    key = (settings.sms_key_id, settings.sms_key_secret)
    return Aliyun(context.http, settings.sms_url, key, settings.sms_timeout_ms)


def wechat(context: Context) -> Wechat | None:
    """The WeChat service account, if there is one; it keeps its token between messages."""
    settings = context.settings
    if not settings.wechat_url:
        return None
    key = (settings.wechat_app_id, settings.wechat_app_secret)
    return _account(context.http, settings.wechat_url, key, settings.sms_timeout_ms)


def wechat_template(context: Context, code: str) -> str:
    """WeChat's id of a text."""
    return _wechat_templates(context.settings.wechat_templates).get(code, code)


@cache
def _account(http: httpx.AsyncClient, url: str, key: tuple[str, str], timeout_ms: int) -> Wechat:
    return Wechat(http, url, key, timeout_ms)


@cache
def _wechat_templates(text: str) -> dict[str, str]:
    return msgspec.json.decode(text, type=dict[str, str])
