"""Aliyun's dialect: the official SDK signs as we do, the stand-in takes what the SDK sends, answers are read."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
import uvicorn
from alibabacloud_dysmsapi20170525.client import Client
from alibabacloud_dysmsapi20170525.models import (
    CreateSmsTemplateRequest,
    GetSmsTemplateRequest,
    QuerySendDetailsRequest,
    SendSmsRequest,
)
from alibabacloud_tea_openapi.models import Config
from alibabacloud_tea_openapi.utils import Utils
from darabonba.request import DaraRequest

from notify.domain.template import latest
from notify.workers.aliyun import Aliyun, authorization
from notify.workers.provider import DELIVERED, REFUSED, REVIEWED, WAITING, NotNow, ProviderAway, Refused, Sms, Taken
from simulators.sms.app import make_app

KEY = ("an-access-key", "its-secret")
MOBILE = "10000000001"
TEMPLATE = latest("benefit-paid")
VARIABLES = {"name": "某某某", "amt": "1,640.00", "tail": "1234"}


@dataclass
class Asked:
    path: str
    headers: dict[str, str]
    body: bytes


@pytest.fixture
def listener() -> Iterator[tuple[str, list[Asked]]]:
    """An address that takes down what it is asked, and says OK."""
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            asked.append(Asked(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            answer = b'{"Code":"OK","BizId":"1"}'
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


def sdk(endpoint: str) -> Client:
    return Client(
        Config(access_key_id=KEY[0], access_key_secret=KEY[1], endpoint=endpoint, protocol="http", region_id="cn")
    )


def sending(mobile: str = MOBILE, out_id: str = "paid-1") -> SendSmsRequest:
    return SendSmsRequest(
        phone_numbers=mobile,
        sign_name="甘肃互助保障",
        template_code="SMS_1",
        template_param='{"name":"某 某~*\'()","amt":"1,640.00"}',
        out_id=out_id,
    )


def signed_part(asked: Asked) -> tuple[dict[str, str], dict[str, str], str]:
    """The query, the headers that were signed, and the signature's header."""
    given = asked.headers["authorization"]
    names = re.search(r"SignedHeaders=([^,]+)", given)
    assert names is not None
    headers = {name: asked.headers[name] for name in names[1].split(";")}
    return dict(parse_qsl(urlsplit(asked.path).query, keep_blank_values=True)), headers, given


def test_the_official_sdk_signs_the_same_request_as_we_do(listener: tuple[str, list[Asked]]) -> None:
    endpoint, asked = listener
    sdk(endpoint).send_sms(sending())
    [one] = asked
    query, headers, given = signed_part(one)
    assert query["OutId"] == "paid-1"
    assert authorization("POST", "/", query, headers, headers["x-acs-content-sha256"], KEY) == given


async def test_our_request_is_what_the_official_sdk_would_have_signed(listener: tuple[str, list[Asked]]) -> None:
    endpoint, asked = listener
    async with httpx.AsyncClient() as http:
        sms = Sms("paid-1", MOBILE, TEMPLATE, "SMS_1", VARIABLES, "")
        assert await Aliyun(http, f"http://{endpoint}", KEY, 5_000).send(sms) == Taken("1")
    [one] = asked
    query, headers, given = signed_part(one)
    assert {name: query[name] for name in ("PhoneNumbers", "SignName", "TemplateCode", "OutId")} == {
        "PhoneNumbers": MOBILE,
        "SignName": "甘肃互助保障",
        "TemplateCode": "SMS_1",
        "OutId": "paid-1",
    }
    request = DaraRequest()
    request.method, request.pathname, request.query, request.headers = "POST", "/", query, headers
    expected = Utils.get_authorization(request, "ACS3-HMAC-SHA256", headers["x-acs-content-sha256"], *KEY)
    assert given == expected
    assert one.body == b""


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """The stand-in on a port of its own."""
    server = uvicorn.Server(
        uvicorn.Config(make_app(tmp_path, {KEY[0]: KEY[1]}), host="127.0.0.1", port=0, log_level="error")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    yield f"127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(20)


def test_the_official_sdk_is_served_by_the_stand_in(address: str) -> None:
    client = sdk(address)
    content = "${name}您好,互助金${amt}元已打入您尾号${tail}的银行卡,请查收。"
    submitted = client.create_sms_template(
        CreateSmsTemplateRequest(
            template_name="benefit-paid.v1", template_content=content, template_type=1, related_sign_name="甘肃互助保障"
        )
    ).body
    assert submitted.code == "OK"
    reviewed = client.get_sms_template(GetSmsTemplateRequest(template_code=submitted.template_code)).body
    assert reviewed.template_status == "1"
    request = sending()
    request.template_code = submitted.template_code
    request.template_param = '{"name":"某某某","amt":"1,640.00","tail":"1234"}'
    sent = client.send_sms(request).body
    assert (sent.code, bool(sent.biz_id)) == ("OK", True)
    today = time.strftime("%Y%m%d", time.gmtime(time.time() + 8 * 3600))
    details = client.query_send_details(
        QuerySendDetailsRequest(phone_number=MOBILE, send_date=today, page_size=10, current_page=1)
    ).body
    [detail] = details.sms_send_detail_dtos.sms_send_detail_dto
    assert (detail.out_id, detail.send_status, detail.err_code) == ("paid-1", 3, "DELIVERED")
    assert detail.content == "【甘肃互助保障】某某某您好,互助金1,640.00元已打入您尾号1234的银行卡,请查收。"


def test_a_request_with_another_secret_is_not_answered(address: str) -> None:
    wrong = Client(Config(access_key_id=KEY[0], access_key_secret="wrong", endpoint=address, protocol="http"))
    with pytest.raises(Exception, match="SignatureDoesNotMatch"):
        wrong.send_sms(sending())


@pytest.fixture
async def provider(tmp_path: Path) -> AsyncIterator[tuple[Aliyun, httpx.AsyncClient]]:
    app = make_app(tmp_path, {KEY[0]: KEY[1]})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://sms.test") as http:
        yield Aliyun(http, "http://sms.test", KEY, 5_000), http
    for close in app.on_shutdown:
        close()


async def message(aliyun: Aliyun, message_id: str = "paid-1", mobile: str = MOBILE) -> Sms:
    code = await aliyun.submit(TEMPLATE)
    return Sms(message_id, mobile, TEMPLATE, code, VARIABLES, "")


Provider = tuple[Aliyun, httpx.AsyncClient]


async def test_a_message_is_taken_and_its_fate_comes_when_it_is_known(provider: Provider) -> None:
    aliyun, http = provider
    await http.post("/behaviour", json={"receipt_after": 1})
    sms = await message(aliyun)
    assert await aliyun.fate("paid-1", MOBILE) is None
    assert isinstance(await aliyun.send(sms), Taken)
    fates = [await aliyun.fate("paid-1", MOBILE) for _ in range(2)]
    assert [fate and fate.state for fate in fates] == [WAITING, DELIVERED]
    assert await aliyun.fate("paid-2", MOBILE) is None


async def test_the_fate_of_a_number_with_many_messages_is_found_on_a_later_page(provider: Provider) -> None:
    aliyun, _ = provider
    sms = await message(aliyun)
    await aliyun.send(sms)
    for number in range(60):
        await aliyun.send(Sms(f"other-{number}", MOBILE, sms.template, sms.provider_code, VARIABLES, ""))
    assert await aliyun.fate("paid-1", MOBILE) is not None


@pytest.mark.parametrize(
    ("behaviour", "answer"),
    [
        ({"limit_suffix": "0001"}, NotNow("isv.BUSINESS_LIMIT_CONTROL")),
        ({"illegal_suffix": "0001"}, Refused("mobile-invalid", "isv.MOBILE_NUMBER_ILLEGAL")),
        ({"refuse_suffix": "0001"}, Refused("provider-refused", "isv.BLACK_KEY_CONTROL_LIMIT")),
        ({"refuse_template": "benefit"}, Refused("provider-refused", "isv.SMS_TEMPLATE_ILLEGAL")),
    ],
)
async def test_a_refusal_says_what_it_is_about(provider: Provider, behaviour: dict[str, str], answer: object) -> None:
    aliyun, http = provider
    await http.post("/behaviour", json=behaviour)
    assert await aliyun.send(await message(aliyun)) == answer
    assert (await http.get("/messages")).json()["count"] == 0


@pytest.mark.parametrize(("behaviour", "taken"), [({"fail": 1}, 0), ({"lose": 1}, 1)])
async def test_no_answer_is_no_refusal(provider: Provider, behaviour: dict[str, int], taken: int) -> None:
    aliyun, http = provider
    sms = await message(aliyun)
    await http.post("/behaviour", json=behaviour)
    with pytest.raises(ProviderAway):
        await aliyun.send(sms)
    assert (await http.get("/messages")).json()["count"] == taken


async def test_a_wrong_key_is_for_the_operator_not_for_the_message(provider: Provider) -> None:
    _, http = provider
    stranger = Aliyun(http, "http://sms.test", ("nobody", "x"), 5_000)
    with pytest.raises(ProviderAway, match="InvalidAccessKeyId"):
        await stranger.send(Sms("paid-1", MOBILE, TEMPLATE, "SMS_1", VARIABLES, ""))


async def test_a_request_serves_once(provider: Provider) -> None:
    aliyun, http = provider
    seen: list[httpx.Request] = []
    http.event_hooks["request"].append(lambda request: asyncio.sleep(0, seen.append(request)))
    await aliyun.submit(TEMPLATE)
    again = await http.post(str(seen[0].url), headers=dict(seen[0].headers))
    assert again.json()["Code"] == "SignatureNonceUsed"


async def test_a_text_is_reviewed(provider: Provider) -> None:
    aliyun, http = provider
    await http.post("/behaviour", json={"review_after": 1})
    code = await aliyun.submit(TEMPLATE)
    assert [(await aliyun.review(code)).state for _ in range(2)] == ["in-review", REVIEWED]
    await http.post("/behaviour", json={"refuse_template": "benefit"})
    refused = await aliyun.review(code)
    assert (refused.state, bool(refused.reason)) == (REFUSED, True)


async def test_the_provider_itself_sends_one_text_a_number_and_day_when_it_is_strict(provider: Provider) -> None:
    aliyun, http = provider
    await http.post("/behaviour", json={"day_max": 20})
    sms = await message(aliyun)
    assert isinstance(await aliyun.send(sms), Taken)
    again = Sms("paid-2", MOBILE, sms.template, sms.provider_code, VARIABLES, "")
    assert await aliyun.send(again) == NotNow("isv.BUSINESS_LIMIT_CONTROL")
