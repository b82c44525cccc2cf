"""What a handler needs of its service, and the one way an HTTP command is run."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
import msgspec
from litestar import Request, Response
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType

from chassis.auth import Verifier
from chassis.clock import Clock
from chassis.decider import Rejected
from chassis.execute import Executor, Session
from chassis.keyring import Keyring
from chassis.log import CommandRecord, CommandRepeated, Group, Log
from chassis.projecting import Projecting
from chassis.projections import Reads
from chassis.web.problem import MEDIA_TYPE, Problem, body_of, problem_of
from contracts.envelope import Actor

IDEMPOTENCY_HEADER = "Idempotency-Key"
IDEMPOTENCY_KEY_LENGTH_MAX = 200
IDEMPOTENCY_KEEP_S = 30 * 24 * 3600
"""How long a command's answer is remembered, unless its caller keeps it for ever (money's never expire)."""
POSITION_HEADER = "Log-Position"
FORMS = (RequestEncodingType.MULTI_PART, RequestEncodingType.URL_ENCODED)
PART_BYTES = 1_048_576

T = TypeVar("T")


class _Told(msgspec.Struct, frozen=True):
    status: int
    body: msgspec.Raw


@dataclass(frozen=True)
class Context:
    """One service at run time."""

    service: str
    settings: Any
    log: Log
    executor: Executor
    reads: Reads
    keyring: Keyring
    clock: Clock
    projecting: Projecting
    verifier: Verifier
    http: httpx.AsyncClient

    async def command(
        self,
        request: Request[Any, Any, Any],
        actor: Actor,
        work: Callable[[Session], Awaitable[T]],
        *,
        status: int = 200,
        keep_s: int | None = IDEMPOTENCY_KEEP_S,
    ) -> Response[T]:
        """Run `work` once for an Idempotency-Key and answer with its value and the position it wrote.

        A repeat gets the first answer, also a refusal; a repeat with another body is a 422. `work` answers a
        msgspec Struct, which may name its own status in a field `http_status`. Answers hold no personal data.
        """
        key = request.headers.get(IDEMPOTENCY_HEADER, "")
        if not key:
            outcome = await self.executor.run(work, actor=actor)
            return self._response(_told(outcome.value, status), outcome.position)
        full_key = self._key(request, actor, key)
        request_hash = await self.keyring.blind_index("request", await _digest(request))
        if told := await self._told_before(full_key, request_hash):
            return told

        def answer(value: T) -> CommandRecord:
            return CommandRecord(full_key, request_hash, msgspec.json.encode(_told(value, status)), keep_s)

        try:
            outcome = await self.executor.run(work, actor=actor, answer=answer)
        except Rejected as refused:
            problem = problem_of(refused)
            told_no = _Told(problem.status, msgspec.Raw(msgspec.json.encode(body_of(problem))))
            record = CommandRecord(full_key, request_hash, msgspec.json.encode(told_no), keep_s)
            try:
                await self.log.append(Group(command=record))
            except CommandRepeated:
                return await self._told_again(full_key, request_hash)
            raise
        except CommandRepeated:
            return await self._told_again(full_key, request_hash)
        return self._response(_told(outcome.value, status), outcome.position)

    def _key(self, request: Request[Any, Any, Any], actor: Actor, key: str) -> str:
        if len(key) > IDEMPOTENCY_KEY_LENGTH_MAX or not key.isascii() or not key.isprintable():
            sentence = "An Idempotency-Key is up to 200 printable ASCII characters."
            raise Problem(400, "idempotency-key-invalid", sentence, IDEMPOTENCY_HEADER)
        return f"{actor.sub}|{request.method} {request.url.path}|{key}"

    async def _told_before(self, full_key: str, request_hash: bytes) -> Response[Any] | None:
        known = await self.log.answered(full_key)
        if known is None:
            return None
        if known.request_hash != request_hash:
            sentence = "This Idempotency-Key was used for another request."
            raise Problem(422, "idempotency-key-reused", sentence, IDEMPOTENCY_HEADER)
        return self._response(msgspec.json.decode(known.answer, type=_Told), known.position)

    async def _told_again(self, full_key: str, request_hash: bytes) -> Response[Any]:
        told = await self._told_before(full_key, request_hash)
        if told is None:
            raise Problem(503, "contended", "The same request is being answered; ask again.")
        return told

    def _response(self, told: _Told, position: int) -> Response[Any]:
        media_type = "application/json" if told.status < 400 else MEDIA_TYPE
        headers = {POSITION_HEADER: str(position)}
        return Response(bytes(told.body), status_code=told.status, media_type=media_type, headers=headers)


async def _digest(request: Request[Any, Any, Any]) -> str:
    """Of what was asked. A form is its fields: whoever sends it again draws another boundary between them."""
    if request.content_type[0] not in FORMS:
        return hashlib.sha256(await request.body()).hexdigest()
    whole = hashlib.sha256()
    for name, value in sorted((await request.form()).multi_items(), key=lambda pair: str(pair[0])):
        part = hashlib.sha256(value.encode() if isinstance(value, str) else b"")
        if isinstance(value, UploadFile):
            await value.seek(0)
            while chunk := await value.read(PART_BYTES):
                part.update(chunk)
        whole.update(f"{name}\n{part.hexdigest()}\n".encode())
    return whole.hexdigest()


def _told(value: object, status: int) -> _Told:
    own = getattr(value, "http_status", None)
    return _Told(own if isinstance(own, int) else status, msgspec.Raw(msgspec.json.encode(value)))
