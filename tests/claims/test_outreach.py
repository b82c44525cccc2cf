"""Stickers and leaflets: printed, sent down, counted at each level, posted, scanned (domain 8.3)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.decider import Rejected
from chassis.testing import Spec
from chassis.web.public import Limiter
from claims.api import scenes
from claims.domain.outreach_asset import (
    OUTREACH_ASSET,
    OUTREACH_SCAN,
    Absent,
    CountScan,
    PostAsset,
    Posted,
    TakeDownAsset,
    TakenDown,
)
from claims.domain.outreach_batch import (
    OUTREACH_BATCH,
    SHIPMENTS_MAX,
    PrintBatch,
    Printed,
    ReceiveCopies,
    SendCopies,
)
from claims.projections.outreach_assets import prefecture_of
from contracts.claims.outreach import (
    OutreachPosted,
    OutreachPrinted,
    OutreachReceived,
    OutreachScanned,
    OutreachSent,
    OutreachTakenDown,
)
from contracts.envelope import Sealed
from contracts.notify.reaching import WechatBound
from contracts.organization import path_of
from tests.claims.house import House, small_picture

PROVINCE, CITY, COUNTY, UNIT = (path_of(code) for code in ("620000", "620700", "620725", "6207251000001"))
OTHER_CITY = path_of("620600")
DAY = "2022-06-30"
batches = Spec(OUTREACH_BATCH)
assets = Spec(OUTREACH_ASSET)
scans = Spec(OUTREACH_SCAN)

PRINTED = OutreachPrinted(
    batch_id="b1", asset_type="LEAFLET", title="互助保障", copies=100, org_path=PROVINCE, printed_on=DAY, by="head"
)


def sent(copies: int, to_path: str = CITY, shipment_id: str = "s1") -> OutreachSent:
    return OutreachSent(
        batch_id="b1",
        shipment_id=shipment_id,
        from_path=to_path.rpartition(".")[0],
        to_path=to_path,
        copies=copies,
        sent_on=DAY,
        by="sender",
    )


def received(copies: int, of: OutreachSent) -> OutreachReceived:
    return OutreachReceived(
        batch_id="b1",
        shipment_id=of.shipment_id,
        to_path=of.to_path,
        copies=copies,
        sent=of.copies,
        received_on=DAY,
        by="receiver",
    )


def receive(copies: int, of: OutreachSent) -> ReceiveCopies:
    return ReceiveCopies(of.shipment_id, of.to_path, copies, DAY, "receiver")


def posted(**others: Any) -> OutreachPosted:
    told = {
        "scene_code": "7K3M9Q2XWD",
        "asset_type": "STATION",
        "org_path": COUNTY,
        "place": "驿站",
        "posted_on": DAY,
        "photo_id": "",
        "by": "clerk",
    }
    return OutreachPosted(**{**told, **others})


def test_a_batch_is_printed_once_at_the_province() -> None:
    batches.when(PrintBatch(PRINTED)).then(PRINTED)
    batches.given(PRINTED).when(PrintBatch(PRINTED)).then_nothing()
    below = OutreachPrinted(
        batch_id="b1", asset_type="LEAFLET", title="互助保障", copies=100, org_path=CITY, printed_on=DAY, by="head"
    )
    batches.when(PrintBatch(below)).then_rejected("province-prints")
    batches.given(PRINTED).when(PrintBatch(below)).then_rejected("batch-exists")


def test_copies_go_to_the_next_level_and_only_what_is_held() -> None:
    batches.given(PRINTED).when(SendCopies(sent(60))).then(sent(60))
    batches.given(PRINTED, sent(60)).when(SendCopies(sent(60))).then_nothing()
    batches.given(PRINTED, sent(60)).when(SendCopies(sent(40))).then_rejected("shipment-exists")
    batches.given(PRINTED, sent(60)).when(SendCopies(sent(41, OTHER_CITY, "s2"))).then_rejected("too-few-copies")
    batches.given(PRINTED, sent(60)).when(SendCopies(sent(1, COUNTY, "s2"))).then_rejected("too-few-copies")
    skipping = OutreachSent(
        batch_id="b1", shipment_id="s1", from_path=PROVINCE, to_path=COUNTY, copies=1, sent_on=DAY, by="sender"
    )
    batches.given(PRINTED).when(SendCopies(skipping)).then_rejected("not-next-level")
    batches.when(SendCopies(sent(1))).then_rejected("batch-unknown")


def test_a_batch_has_so_many_shipments_and_no_more() -> None:
    history = [sent(1, CITY, f"s{number}") for number in range(SHIPMENTS_MAX)]
    printed = OutreachPrinted(
        batch_id="b1", asset_type="LEAFLET", title="册", copies=99_999, org_path=PROVINCE, printed_on=DAY, by="head"
    )
    state = Printed(printed, {PROVINCE: 1}, {one.shipment_id: one for one in history})
    with pytest.raises(Rejected) as refused:
        OUTREACH_BATCH.decide(SendCopies(sent(1, CITY, "one more")), state)
    assert refused.value.code == "shipments-too-many"


def test_a_shipment_is_counted_once_where_it_went_and_the_difference_stays() -> None:
    way = sent(60)
    batches.given(PRINTED, way).when(receive(58, way)).then(received(58, way))
    batches.given(PRINTED, way, received(58, way)).when(receive(58, way)).then_nothing()
    batches.given(PRINTED, way, received(58, way)).when(receive(60, way)).then_rejected("shipment-received")
    elsewhere = ReceiveCopies("s1", OTHER_CITY, 60, DAY, "receiver")
    batches.given(PRINTED, way).when(elsewhere).then_rejected("shipment-unknown")
    batches.given(PRINTED).when(receive(60, way)).then_rejected("shipment-unknown")
    batches.when(receive(60, way)).then_rejected("batch-unknown")


STEP = st.tuples(
    st.sampled_from((CITY, OTHER_CITY, COUNTY, UNIT)), st.integers(1, 60), st.integers(0, 70), st.booleans()
)


@given(steps=st.lists(STEP, max_size=20))
def test_whatever_is_sent_and_counted_no_copy_is_lost_from_the_books(steps: list[tuple[str, int, int, bool]]) -> None:
    batch = OUTREACH_BATCH.evolve(OUTREACH_BATCH.initial, PRINTED)
    for number, (to_path, copies, counted, arrives) in enumerate(steps):
        way = sent(copies, to_path, f"s{number}")
        for command in (SendCopies(way), *([receive(counted, way)] if arrives else [])):
            try:
                events = OUTREACH_BATCH.decide(command, batch)
            except Rejected:
                continue
            for event in events:
                batch = OUTREACH_BATCH.evolve(batch, event)
    assert isinstance(batch, Printed)
    assert all(copies >= 0 for copies in batch.held.values())
    assert sum(batch.held.values()) + batch.on_the_way + batch.missing == PRINTED.copies


def test_an_asset_is_posted_once_under_its_code() -> None:
    assets.when(PostAsset(posted())).then(posted())
    assets.given(posted()).when(PostAsset(posted())).then_nothing()
    assets.given(posted()).when(PostAsset(posted(place="路口"))).then_rejected("scene-exists")


def test_a_scan_of_what_is_posted_counts_once() -> None:
    scan = CountScan(Posted(posted()), DAY)
    told = OutreachScanned(scene_code="7K3M9Q2XWD", scanned_on=DAY)
    scans.when(scan).then(told)
    scans.given(told).when(scan).then_nothing()
    scans.when(CountScan(Absent(), DAY)).then_rejected("scene-unknown")


def test_what_is_posted_is_taken_down_once_and_its_scans_count_on_as_late_ones() -> None:
    take, taken = (
        TakeDownAsset("2022-07-01", "clerk"),
        OutreachTakenDown(scene_code="7K3M9Q2XWD", taken_on="2022-07-01", by="clerk"),
    )
    assets.given(posted()).when(take).then(taken)
    assets.given(posted(), taken).when(TakeDownAsset("2022-07-02", "other")).then_nothing()
    assets.given(posted(), taken).when(PostAsset(posted())).then_nothing()
    assets.when(take).then_rejected("scene-unknown")
    late = OutreachScanned(scene_code="7K3M9Q2XWD", scanned_on=DAY, taken_down=True)
    scans.when(CountScan(TakenDown(posted()), DAY)).then(late)


def test_a_prefecture_is_found_on_every_path() -> None:
    assert [prefecture_of(path) for path in (PROVINCE, CITY, UNIT)] == ["620000", "620700", "620700"]


async def handed_down(house: House) -> str:
    """A batch of 100 of which the prefecture counts 98 and the county is still to count 50; its id."""
    body = {"asset_type": "LEAFLET", "title": "互助保障", "copies": 100}
    batch_id: str = (await house.post("/outreach/batches", body, "h", "office_head")).json()["batch_id"]
    path = f"/outreach/batches/{batch_id}/shipments"
    way = await house.post(path, {"to_org": "620700", "copies": 100}, "h", "office_head")
    assert way.status_code == 201, way.text
    receipt = f"{path}/{way.json()['shipment_id']}/receipt"
    counted = await house.post(receipt, {"copies": 98}, "c", "city_clerk", "620700")
    assert (counted.status_code, counted.json()["missing"]) == (200, 2)
    on = await house.post(path, {"to_org": "620725", "copies": 50}, "c", "city_clerk", "620700")
    assert on.status_code == 201, on.text
    return batch_id


async def put_up(house: House, org: str = "620725", **others: Any) -> str:
    body = {"asset_type": "STATION", "org": org, "place": "驿站门口", **others}
    answer = await house.post("/outreach/assets", body, "clerk", "county_clerk", org[:6])
    assert answer.status_code == 201, answer.text
    assert answer.json()["path"] == f"/public/scenes/{answer.json()['scene_code']}"
    code: str = answer.json()["scene_code"]
    return code


async def scanned(house: House, code: str, times: int = 1) -> httpx.Response:
    async with house.world.client("auditor", Authorization="") as anyone:
        for _ in range(times):
            answer = await anyone.get(f"/public/scenes/{code}")
    return answer


async def reached_out(house: House) -> None:
    """A batch on its way, and a sticker that was scanned."""
    await handed_down(house)
    assert (await scanned(house, await put_up(house))).status_code == 200


@pytest.fixture(autouse=True)
def fresh_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Full buckets for each test."""
    monkeypatch.setattr(scenes, "_asked", Limiter(scenes.ASKED_BURST, scenes.ASKED_PER_HOUR))
    monkeypatch.setattr(scenes, "_counted", Limiter(scenes.COUNTED_BURST, scenes.COUNTED_PER_HOUR))


async def test_each_level_sees_what_went_to_it_what_is_uncounted_and_what_differs(house: House) -> None:
    batch_id = await handed_down(house)
    every = (await house.get(f"/outreach/shipments?batch_id={batch_id}")).json()["shipments"]
    assert [(one["to_path"], one["sent"], one["received"]) for one in every] == [
        (PROVINCE, 100, 100),
        (CITY, 100, 98),
        (COUNTY, 50, -1),
    ]
    (differs,) = (await house.get("/outreach/shipments?which=DIFFERS")).json()["shipments"]
    assert differs["to_path"] == CITY
    (own,) = (await house.get("/outreach/shipments?which=UNCOUNTED", "county_clerk", "620725")).json()["shipments"]
    assert own["to_path"] == COUNTY
    assert (await house.get("/outreach/shipments", "county_clerk", "620602")).json()["shipments"] == []
    path = f"/outreach/batches/{batch_id}/shipments"
    stranger = await house.post(f"{path}/{own['shipment_id']}/receipt", {"copies": 50}, "x", "county_clerk", "620602")
    assert (stranger.status_code, stranger.json()["code"]) == (404, "shipment-unknown")
    more = await house.post(path, {"to_org": "620725", "copies": 49}, "c", "city_clerk", "620700")
    assert (more.status_code, more.json()["code"]) == (409, "too-few-copies")


async def test_a_sticker_is_posted_and_its_scans_are_counted_by_prefecture(house: House) -> None:
    first, second = await put_up(house), await put_up(house, "620602", asset_type="VEHICLE")
    assert first != second
    await put_up(house)
    told = await scanned(house, first, 3)
    await scanned(house, second)
    assert told.json()["hotline"] == "12351"
    async with house.world.client("auditor", Authorization="") as anyone:
        for name in ("sheet", "sheet_pdf"):
            assert (await anyone.get(str(told.url.join(told.json()[name])))).status_code == 200
    figures = (await house.get("/outreach/figures")).json()["figures"]
    assert [(one["prefecture"], one["posted"], one["reached"], one["scans"]) for one in figures] == [
        ("620600", 1, 1, 1),
        ("620700", 2, 1, 3),
    ]
    listed = (await house.get("/outreach/assets", "county_clerk", "620725")).json()["assets"]
    assert [(one["scene_code"] == first, one["scans"]) for one in listed] == [(True, 3), (False, 0)]


async def bound(house: House, code: str, person_id: str) -> None:
    """Notify says that a member has bound WeChat; `code` led to it."""
    openid = Sealed(suite="A256GCM", s=person_id, k="contact", v=1, e="d", c="AAAA")
    event = WechatBound(person_id=person_id, openid=openid, code_id="c", scene_code=code)
    await house.world.feed("notify", event, f"binding-{person_id}")


async def test_a_sticker_is_taken_down_and_what_its_code_led_to_is_counted_by_day(house: House) -> None:
    house.at("2022-06-01")
    first, second = await put_up(house), await put_up(house)
    await scanned(house, first, 2)
    await bound(house, first, "p1")
    await bound(house, "", "p2")
    house.at("2022-06-20")
    path = f"/outreach/assets/{first}/take-down"
    stranger = await house.post(path, None, "x", "county_clerk", "620602")
    assert (stranger.status_code, stranger.json()["code"]) == (404, "scene-unknown")
    assert (await house.post(path, None, "x", "member")).status_code == 403
    for _ in range(2):
        assert (await house.post(path, None, "taker", "county_clerk", "620725")).status_code == 200
    house.at("2022-07-02")
    assert (await scanned(house, first)).json()["scene_code"] == first
    await scanned(house, second)
    await bound(house, first, "p3")
    rows = {one["scene_code"]: one for one in (await house.get("/outreach/assets")).json()["assets"]}
    names = ("scans", "late_scans", "taken_on", "taken_by", "bindings")
    assert [rows[first][name] for name in names] == [3, 1, "2022-06-20", "taker", 2]
    assert [rows[second][name] for name in names] == [1, 0, "", "", 0]

    async def told(days: str) -> list[int]:
        (row,) = (await house.get(f"/outreach/figures{days}")).json()["figures"]
        return [row[name] for name in ("posted", "reached", "scans", "late_scans", "bindings")]

    assert await told("") == [2, 2, 4, 1, 2]
    assert await told("?until=2022-06-30") == [2, 1, 2, 0, 1]
    assert await told("?from=2022-07-01") == [1, 2, 2, 1, 1]
    assert (await house.get("/outreach/figures?until=2022-05-31")).json()["figures"] == []
    service = (await house.get("/statistics/service?period=2022&from=2022-07-01")).json()
    assert [one["scans"] for one in service["assets"]] == [2]


async def test_an_unknown_code_counts_nothing_and_too_many_questions_are_refused(house: House) -> None:
    missing = await scanned(house, "0000000000")
    assert (missing.status_code, missing.json()["code"]) == (404, "scene-unknown")
    assert await house.world.context.log.head() == 0
    code = await put_up(house)
    refused = await scanned(house, code, scenes.ASKED_BURST + 1)
    assert (refused.status_code, refused.json()["code"]) == (429, "too-many-requests")


async def test_scans_above_the_bound_of_a_code_are_answered_and_not_counted(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scenes, "_counted", Limiter(2, 0))
    code = await put_up(house)
    assert (await scanned(house, code, 5)).status_code == 200
    (row,) = (await house.get("/outreach/assets")).json()["assets"]
    assert row["scans"] == 2


async def test_a_photo_is_one_that_the_poster_has_handed_in(house: House) -> None:
    person_id = await house.cover("6207251000001")
    kept = await house.hand_in(
        small_picture("wall"), "OTHER", person_id, sub="clerk", role="county_clerk", org="620725"
    )
    photo_id = kept.json()["document_id"]
    await put_up(house, photo_id=photo_id)
    body = {"asset_type": "STATION", "org": "620725", "place": "驿站", "photo_id": photo_id}
    for sub, photo in (("another", photo_id), ("clerk", "none")):
        answer = await house.post("/outreach/assets", {**body, "photo_id": photo}, sub, "county_clerk", "620725")
        assert (answer.status_code, answer.json()["code"]) == (404, "document-unknown")


async def test_who_may_not_print_send_count_post_or_read(house: House) -> None:
    batch_id = await handed_down(house)
    printing = {"asset_type": "LEAFLET", "title": "册", "copies": 1}
    path = f"/outreach/batches/{batch_id}/shipments"
    posting = {"asset_type": "STATION", "org": "620725", "place": "驿站"}
    forbidden: list[tuple[str, Any, tuple[str, ...]]] = [
        ("/outreach/batches", printing, ("city_clerk", "unit_clerk", "member", "hotline_agent", "auditor")),
        (path, {"to_org": "620725", "copies": 1}, ("unit_clerk", "member", "hotline_agent", "auditor")),
        (f"{path}/s/receipt", {"copies": 1}, ("office_head", "member", "hotline_agent", "auditor")),
        ("/outreach/assets", posting, ("member", "hotline_agent", "finance", "auditor")),
    ]
    for where, body, roles in forbidden:
        for role in roles:
            assert (await house.post(where, body, "x", role)).status_code == 403, (where, role)
    for where in ("/outreach/shipments", "/outreach/assets", "/outreach/figures"):
        for role in ("member", "hotline_agent", "finance"):
            assert (await house.get(where, role)).status_code == 403, (where, role)
    beyond = await house.post("/outreach/assets", posting, "x", "county_clerk", "620602")
    assert (beyond.status_code, beyond.json()["code"]) == (404, "org-unknown")
