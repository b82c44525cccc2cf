"""Released messages on their way: by WeChat where that reaches the reader, else by SMS; each handed over once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

from chassis.clock import local_day, utc_text
from chassis.context import Context
from chassis.decider import Rejected
from chassis.execute import ReadAhead, Session
from chassis.keyring import Erased
from chassis.log import Recorded
from contracts.notify.v1 import BulkMessageReleased, MessageReleased, OrdinaryMessageReleased, PaperMessageReleased
from contracts.person import OpenId
from notify.domain.code import CODE, Code
from notify.domain.message import MESSAGE, HandOver, MessageCommand, PostponeMessage, RecordFailure, RecordSending
from notify.domain.quiet_hours import QuietHours
from notify.domain.stages import BULK, GIVEN_UP, SMS, WECHAT, Failed, HandedOver, Released
from notify.domain.template import greeting, segments
from notify.projections import approvals, wechat_bindings
from notify.workers import letters, limits, providers, recording
from notify.workers.letters import Letter, Open
from notify.workers.provider import Answer, NotNow, Refused, Sms, SmsProvider
from notify.workers.wechat import FateUnknown, Unreachable, Wechat, WechatAway

RELEASES = (MessageReleased, PaperMessageReleased, OrdinaryMessageReleased, BulkMessageReleased)

AT_ONCE_MAX = 16
"""So many of a group are with the provider at once: each takes a connection, and each connection costs the others."""

T = TypeVar("T")


class AtWork(Exception):
    """Somebody else has handed the message over in this moment: the job comes again, and asks what became of it."""


async def send(group: Sequence[Recorded], context: Context) -> dict[int, Exception]:
    """Send released messages, each once; why some are to be tried again, by position: ContactNotKnown, ProviderAway."""
    places: dict[str, list[int]] = {}
    for recorded in group:
        event = recorded.event
        assert isinstance(event, RELEASES)
        places.setdefault(event.message_id, []).append(recorded.position)
    failures = await Mailing(context).run([*places])
    return {position: error for message_id, error in failures.items() for position in places[message_id]}


async def give_up(recorded: Recorded, context: Context) -> None:
    """After the last attempt: the failure stands in the list that people work off."""
    event = recorded.event
    assert isinstance(event, RELEASES)
    await context.executor.execute(MESSAGE, event.message_id, RecordFailure(event.message_id, GIVEN_UP))


@dataclass
class Mailing:
    """Messages that are sent together. Each step passes on those of which nothing is known yet.

    What is known of the others stands in `outcomes`, to be recorded at the end, or in `failures`, to be tried again.
    """

    context: Context
    outcomes: dict[str, MessageCommand] = field(default_factory=dict)
    failures: dict[str, Exception] = field(default_factory=dict)
    ahead: ReadAhead = field(default_factory=ReadAhead)
    bulk: bool = False

    async def run(self, message_ids: Sequence[str]) -> dict[str, Exception]:
        """Send them; what is to be tried again, by message."""
        messages, codes = await self._look(message_ids)
        if not messages:
            return {}
        # Codes and money pass what is sent by thousands, also on the way into the log.
        self.bulk = all(message.content.lane == BULK for message in messages.values())
        waiting = await self._write(messages, codes)
        waiting = await self._ask_after(waiting)
        waiting = self._awake(waiting)
        waiting = await self._by_wechat(waiting)
        await self._by_sms(waiting)
        commands = [*self.outcomes.values()]
        return self.failures | await recording.record(commands, self.context, ahead=self.ahead, bulk=self.bulk)

    async def _look(self, message_ids: Sequence[str]) -> tuple[dict[str, Open], dict[str, Code]]:
        messages: dict[str, Open] = {}
        codes: dict[str, Code] = {}

        async def look(session: Session) -> None:
            for message_id, message in (await session.load_many(MESSAGE, message_ids)).items():
                match message:
                    # The last is a parked job that someone tries again.
                    case Released() | HandedOver() | Failed(code="attempts-exhausted"):
                        messages[message_id] = message
                    case _:
                        pass
            wanted = [message.content.code_id for message in messages.values() if message.content.code_id]
            codes.update(await session.load_many(CODE, wanted))

        await self.context.executor.read_ahead(self.ahead, look)
        return messages, codes

    async def _write(self, messages: Mapping[str, Open], codes: Mapping[str, Code]) -> list[Letter]:
        written = []
        for message_id, made in (await letters.write(messages, codes, self.context)).items():
            if isinstance(made, Letter):
                written.append(made)
            elif isinstance(made, RecordFailure):
                self.outcomes[message_id] = made
            else:
                self.failures[message_id] = made
        return written

    async def _ask_after(self, waiting: Sequence[Letter]) -> list[Letter]:
        """What a provider may have is asked about before it is given again."""
        provider = providers.sms(self.context)
        left, asked = [], []
        for letter in waiting:
            if isinstance(letter.message, Released):
                left.append(letter)
            elif isinstance(letter.message, HandedOver) and letter.message.channel == WECHAT:
                # Nothing can be asked there: whoever does not open it gets an SMS later (domain 9.2).
                self.outcomes[letter.message_id] = RecordSending(letter.message_id, WECHAT, "", 0)
            else:
                asked.append(letter)
        fates = await self._together(
            asked, [provider.fate(letter.message_id, letter.contact.mobile) for letter in asked]
        )
        for letter, fate in fates:
            if fate is None:
                left.append(letter)
            else:
                self.outcomes[letter.message_id] = RecordSending(
                    letter.message_id, SMS, fate.reference, segments(letter.text)
                )
        return left

    def _awake(self, waiting: Sequence[Letter]) -> list[Letter]:
        quiet = QuietHours(self.context.settings.quiet_from_h, self.context.settings.quiet_until_h)
        now = self.context.clock.now()
        if not quiet.covers(now):
            return [*waiting]
        for letter in waiting:
            if not letter.template.is_code:
                postpone = PostponeMessage(letter.message_id, utc_text(quiet.release(now)), "quiet-hours")
                self.outcomes[letter.message_id] = postpone
        return [letter for letter in waiting if letter.template.is_code]

    async def _by_wechat(self, waiting: Sequence[Letter]) -> list[Letter]:
        """Whom WeChat does not reach now goes on by SMS at once."""
        account = providers.wechat(self.context)
        bound = [letter for letter in waiting if _goes_by_wechat(letter)] if account is not None else []
        if account is None or not bound:
            return [*waiting]
        questions = [
            (letter.addressee.openid, OpenId, letter.message.content.recipient_id, wechat_bindings.FIELD)
            for letter in bound
            if letter.addressee.openid is not None
        ]
        opened = dict(
            zip((letter.message_id for letter in bound), await self.context.keyring.open_many(questions), strict=True)
        )
        handed = await self._hand_over(
            [letter for letter in bound if not isinstance(opened[letter.message_id], Erased)], WECHAT, account.name
        )
        openids = {message_id: one.openid for message_id, one in opened.items() if isinstance(one, OpenId)}
        notices = [self._notice(account, letter, openids[letter.message_id]) for letter in handed]
        for letter, notice in await self._together(handed, notices):
            if notice is not None:
                self.outcomes[letter.message_id] = RecordSending(letter.message_id, WECHAT, notice, 0)
        known = self.outcomes.keys() | self.failures.keys()
        return [letter for letter in waiting if letter.message_id not in known]

    async def _notice(self, account: Wechat, letter: Letter, openid: str) -> str | None:
        """The notice's id, empty where no answer came; None where WeChat does not reach the person now."""
        variables = {"name": greeting(letter.contact.name), **letter.variables}
        template_id = providers.wechat_template(self.context, letter.template.code)
        try:
            notice = await account.send(openid, template_id, variables)
        except FateUnknown:
            return ""
        except WechatAway:
            return None
        return None if isinstance(notice, Unreachable) else notice

    async def _by_sms(self, waiting: Sequence[Letter]) -> None:
        provider = providers.sms(self.context)
        codes = await self._approved(waiting, provider)
        handed = await self._hand_over([letter for letter in waiting if letter.message_id in codes], SMS, provider.name)
        sendings = [provider.send(_sms(letter, codes[letter.message_id])) for letter in handed]
        for letter, answer in await self._together(handed, sendings):
            self.outcomes[letter.message_id] = self._answered(letter, answer)

    async def _approved(self, waiting: Sequence[Letter], provider: SmsProvider) -> dict[str, str]:
        """The provider's code of the text of each letter that it may be sent in; the others wait for their approval."""
        if not waiting:
            return {}
        async with self.context.reads.connection() as c:
            known = await approvals.find(c, {(letter.template.code, letter.template.version) for letter in waiting})
        later = utc_text(self.context.clock.now() + timedelta(minutes=self.context.settings.template_wait_m))
        codes: dict[str, str] = {}
        for letter in waiting:
            template, approval = letter.template, known.get((letter.template.code, letter.template.version))
            approved = (approvals.APPROVED, template.digest, provider.name)
            if approval is None or (approval.state, approval.text_digest, approval.provider) != approved:
                waits = PostponeMessage(letter.message_id, later, "template-not-approved")
                self.outcomes[letter.message_id] = waits
            else:
                codes[letter.message_id] = approval.provider_code
        return codes

    async def _hand_over(self, waiting: Sequence[Letter], channel: str, provider: str) -> list[Letter]:
        """Record, in one append, that the provider is about to have these; what a number may not have is left out."""
        if not waiting:
            return []

        sessions: list[Session] = []

        async def work(session: Session) -> tuple[list[Letter], dict[str, str], dict[str, Exception]]:
            session.bulk = self.bulk
            session.adopt(self.ahead)
            messages = await session.load_many(MESSAGE, [letter.message_id for letter in waiting])
            again: list[Letter] = []
            first: dict[str, tuple[Letter, HandOver]] = {}
            refused: dict[str, Exception] = {}
            for letter in waiting:
                handing = HandOver(letter.message_id, channel, provider, letter.digest)
                try:
                    fresh = MESSAGE.decide(handing, messages[letter.message_id])
                except Rejected as rejected:
                    refused[letter.message_id] = rejected
                    continue
                if fresh:
                    first[letter.message_id] = (letter, handing)
                elif isinstance(letter.message, Released):
                    refused[letter.message_id] = AtWork()
                else:
                    again.append(letter)
            over = await limits.take(session, self.context.settings, _places(first)) if channel == SMS else {}
            for message_id, (_, handing) in first.items():
                if message_id not in over:
                    await session.decide(MESSAGE, message_id, handing)
            sessions.append(session)
            return [*again, *(letter for key, (letter, _) in first.items() if key not in over)], over, refused

        handed, over, refused = (await self.context.executor.run(work)).value
        # Only now: an attempt that met a conflict has written nothing.
        self.ahead.keep(sessions[-1])
        self.failures |= refused
        for letter in waiting:
            if letter.message_id in over:
                self.outcomes[letter.message_id] = self._tomorrow(letter, over[letter.message_id])
        return handed

    async def _together(self, asked: Sequence[Letter], questions: Sequence[Awaitable[T]]) -> list[tuple[Letter, T]]:
        """Ask a provider, a few at once; whose answer does not come is tried again."""
        turns = asyncio.Semaphore(AT_ONCE_MAX)

        async def ask(question: Awaitable[T]) -> T:
            async with turns:
                return await question

        answered = []
        answers = await asyncio.gather(*(ask(question) for question in questions), return_exceptions=True)
        for letter, answer in zip(asked, answers, strict=True):
            if isinstance(answer, Exception):
                self.failures[letter.message_id] = answer
            elif isinstance(answer, BaseException):
                raise answer
            else:
                answered.append((letter, answer))
        return answered

    def _answered(self, letter: Letter, answer: Answer) -> MessageCommand:
        if isinstance(answer, Refused):
            return RecordFailure(letter.message_id, answer.code, answer.word)
        if isinstance(answer, NotNow):
            return self._tomorrow(letter, "provider-limit")
        return RecordSending(letter.message_id, SMS, answer.reference, segments(letter.text))

    def _tomorrow(self, letter: Letter, reason: str) -> MessageCommand:
        """What a number may not have today it gets tomorrow morning; a code is no use by then."""
        if letter.template.is_code:
            return RecordFailure(letter.message_id, "number-limit")
        settings = self.context.settings
        quiet = QuietHours(settings.quiet_from_h, settings.quiet_until_h)
        morning = utc_text(quiet.morning_after(local_day(self.context.clock.now())))
        return PostponeMessage(letter.message_id, morning, reason)


def _goes_by_wechat(letter: Letter) -> bool:
    content = letter.message.content
    return (
        content.channel == WECHAT and letter.addressee.openid is not None and not isinstance(letter.message, HandedOver)
    )


def _places(first: Mapping[str, tuple[Letter, HandOver]]) -> list[limits.Asked]:
    return [
        limits.Asked(letter.message_id, letter.contact.mobile, letter.template.code, letter.text)
        for letter, _ in first.values()
    ]


def _sms(letter: Letter, provider_code: str) -> Sms:
    named = {} if letter.template.is_code else {"name": greeting(letter.contact.name)}
    variables = named | letter.variables
    return Sms(letter.message_id, letter.contact.mobile, letter.template, provider_code, variables, letter.text)
