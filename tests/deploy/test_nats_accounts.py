"""NATS users: each publishes its own subjects, works off its own durables, and administers nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import nats.errors
import pytest
from nats.aio.client import Client

from huzhu.runner import broker
from huzhu.runner.nats import Nats

Connect = Callable[[str], Awaitable[Client]]
REFUSED_AFTER_S = 0.4
SERVICES = broker.accounts_table()["services"]


async def refused(client: Client, subject: str, body: bytes = b"") -> None:
    """The server drops what may not be published, so nobody answers."""
    with pytest.raises((nats.errors.TimeoutError, nats.errors.NoRespondersError)):
        await client.request(subject, body, timeout=REFUSED_AFTER_S)


async def last_sequence(client: Client, stream: str) -> int:
    return int((await broker.request(client, f"STREAM.INFO.{stream}", None))["state"]["last_seq"])


async def test_a_service_publishes_its_own_subjects_and_no_others(connect: Connect) -> None:
    admin, claims = await connect(broker.ADMIN), await connect("claims")
    before = {service: await last_sequence(admin, service.upper()) for service in SERVICES}
    await claims.jetstream().publish("claims.claim-filed.v1", b"1")
    for service in SERVICES:
        if service != "claims":
            await refused(claims, f"{service}.claim-filed.v1", b"1")
    await refused(admin, "payments.claim-filed.v1", b"1")
    after = {service: await last_sequence(admin, service.upper()) for service in SERVICES}
    assert after == before | {"claims": before["claims"] + 1}


@pytest.mark.parametrize("call", ["DELETE", "PURGE", "UPDATE", "SNAPSHOT", "RESTORE", "LEADER.STEPDOWN"])
@pytest.mark.parametrize("stream", ["CLAIMS", "PAYMENTS"])
async def test_a_service_may_not_administer_a_stream(connect: Connect, call: str, stream: str) -> None:
    await refused(await connect("claims"), f"$JS.API.STREAM.{call}.{stream}", b"{}")


async def test_a_service_makes_no_stream_but_its_own(connect: Connect) -> None:
    claims = await connect("claims")
    made = await broker.request(claims, "STREAM.CREATE.CLAIMS", broker.stream_config("claims"))
    assert made["config"]["name"] == "CLAIMS"
    await refused(claims, "$JS.API.STREAM.CREATE.PAYMENTS", b"{}")
    await refused(claims, "$JS.API.STREAM.CREATE.COPY", b"{}")


async def test_the_jobs_of_one_service_are_shut_to_the_others(connect: Connect) -> None:
    claims = await connect("claims")
    for call in ("MSG.NEXT", "DELETE", "CREATE", "DURABLE.CREATE"):
        await refused(claims, f"$JS.API.CONSUMER.{call}.PAYMENTS.payments-bank", b"{}")
    await refused(claims, "$JS.API.CONSUMER.CREATE.PAYMENTS.payments-bank.payments.batch-signed.v1", b"{}")
    await refused(await connect("payments"), "$JS.API.CONSUMER.DELETE.PAYMENTS.payments-bank")


async def test_a_service_works_off_its_own_durable(connect: Connect) -> None:
    payments, admin = await connect("payments"), await connect(broker.ADMIN)
    stream = payments.jetstream()
    await stream.publish("payments.batch-signed.v1", b"job")
    jobs = await stream.pull_subscribe_bind("payments-bank", "PAYMENTS")
    (job,) = await jobs.fetch(1, timeout=5)
    assert job.data == b"job"
    await job.ack_sync(timeout=5)
    left = await broker.request(admin, "CONSUMER.INFO.PAYMENTS.payments-bank", None)
    assert (left["num_pending"], left["num_ack_pending"]) == (0, 0)


async def test_a_service_makes_its_own_durable_again_when_it_is_lost(connect: Connect) -> None:
    notify, admin = await connect("notify"), await connect(broker.ADMIN)
    await broker.request(admin, "CONSUMER.DELETE.NOTIFY.notify-sms", None)
    subject = "notify.message-released.v1"
    await notify.jetstream().pull_subscribe(subject, durable="notify-sms", stream="NOTIFY")
    found = await broker.request(admin, "CONSUMER.INFO.NOTIFY.notify-sms", None)
    assert found["config"]["filter_subject"] == subject
    await broker.request(admin, "CONSUMER.DELETE.NOTIFY.notify-sms", None)


async def test_a_service_follows_the_streams_of_the_others(connect: Connect) -> None:
    await (await connect("enrolment")).jetstream().publish("enrolment.person-registered.v1", b"news")
    notify = await connect("notify")
    tail = await notify.jetstream().subscribe("enrolment.>", stream="ENROLMENT", ordered_consumer=True)
    assert (await tail.next_msg(timeout=5)).data == b"news"
    await tail.unsubscribe()


async def test_a_service_may_not_listen_to_subjects_or_to_the_answers_of_others(guarded_nats: Nats) -> None:
    errors: list[str] = []
    denied = asyncio.Event()

    async def note(error: Exception) -> None:
        errors.append(str(error))
        if len(errors) == len(subjects):
            denied.set()

    subjects = ("payments.>", "_INBOX.payments.>", "_INBOX.>", ">")
    client = await nats.connect(
        guarded_nats.url, user="claims", password=guarded_nats.home.password("claims"), error_cb=note
    )
    for subject in subjects:
        await client.subscribe(subject)
    await asyncio.wait_for(denied.wait(), 5)
    assert all("permissions violation" in error for error in errors)
    await client.close()


async def test_nobody_comes_in_without_a_password(guarded_nats: Nats) -> None:
    with pytest.raises(nats.errors.Error):
        await nats.connect(guarded_nats.url, max_reconnect_attempts=1, allow_reconnect=False)


async def test_the_plan_is_empty_once_applied_and_names_each_field_that_drifted(connect: Connect) -> None:
    admin = await connect(broker.ADMIN)
    assert await broker.plan(admin) == []
    drifted = broker.stream_config("notify") | {"max_msg_size": 1024}
    await broker.request(admin, "STREAM.UPDATE.NOTIFY", drifted)
    assert [str(difference) for difference in await broker.plan(admin)] == [
        "stream NOTIFY differs: max_msg_size is 1024, should be 65536"
    ]
    await broker.apply(admin)
    assert await broker.plan(admin) == []


def test_the_administrative_calls_are_never_granted_as_a_whole() -> None:
    users = broker.authorization(lambda user: user)["users"]
    for user in users:
        allowed = set(user["permissions"]["publish"]["allow"])
        assert not allowed & {">", "$JS.>", "$JS.API.>", "$JS.API.STREAM.>", "$JS.API.CONSUMER.>"}
