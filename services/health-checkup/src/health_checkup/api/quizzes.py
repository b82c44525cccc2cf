"""Quizzes: opened, entered once a day, closed, and drawn in a way that anyone can make again."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from litestar import Response, get, post
from litestar.params import JSONBody, PathParameter, QueryParameter

from chassis.auth import allow
from chassis.clock import local_day, new_id
from chassis.context import Context
from chassis.decider import Rejected
from chassis.execute import Session
from chassis.keyring import Keyring
from chassis.web import Problem
from chassis.web.public import PUBLIC, Limiter, client_address
from contracts.envelope import Actor
from contracts.health_checkup.quizzes import QuizQuestion
from contracts.organization import within
from health_checkup.api.access import COUNTERS, OPENERS, AnyRequest, own_path
from health_checkup.api.quiz_shapes import (
    DrawnFromPage,
    DrawView,
    EnteredAnswer,
    EntriesView,
    EntryRequest,
    EntryView,
    QuestionRequest,
    QuizAnswer,
    QuizFigures,
    QuizLine,
    QuizPage,
    QuizRequest,
    QuizView,
    Winner,
    WinnersView,
)
from health_checkup.api.shapes import ID_PATTERN, MEMBERS_PAGE, Filter, Limit, PathId
from health_checkup.domain import draw
from health_checkup.domain.quiz import QUIZ, Absent, Closed, CloseQuiz, DrawQuiz, Open, OpenQuiz, Quiz, answers_of
from health_checkup.domain.quiz_entry import QUIZ_ENTRY, EnterQuiz, entries_key
from health_checkup.projections import eligible, quiz_entries, quizzes
from health_checkup.settings import Settings

SALT = "quiz-answers"
SEED = "quiz-draw"
"""Purposes of this service's index key that are used for nothing else: the secrets of a quiz follow from its id, so
they stand in no file and in no event before their day, and telling one tells nothing of another."""
ENTRIES_PAGE = 2_000
QUESTIONS_BURST, QUESTIONS_PER_HOUR = 60, 1_200
_questions = Limiter(QUESTIONS_BURST, QUESTIONS_PER_HOUR)
PublicId = Annotated[str, PathParameter(pattern=ID_PATTERN)]
EntriesLimit = Annotated[int, QueryParameter(ge=1, le=ENTRIES_PAGE)]


async def _secret(keyring: Keyring, purpose: str, quiz_id: str) -> str:
    return (await keyring.blind_index(purpose, quiz_id)).hex()


async def _quiz(session: Session, quiz_id: str, actor: Actor) -> Quiz:
    """The quiz, if it lies in the actor's subtree. Raises Rejected `quiz-unknown`."""
    quiz = await session.load(QUIZ, quiz_id)
    if isinstance(quiz, Absent) or not within(_opened(quiz).org_path, actor.org_path):
        raise Rejected("quiz-unknown", "No such quiz.")
    return quiz


def _opened(quiz: Quiz) -> Open:
    """As it was opened. Raises Rejected `quiz-unknown`."""
    match quiz:
        case Absent():
            raise Rejected("quiz-unknown", "No such quiz.")
        case Open():
            return quiz
        case _:
            return quiz.quiz


def _question(asked: QuestionRequest, number: int, salt: str) -> QuizQuestion:
    if asked.right >= len(asked.choices):
        raise Problem(400, "answer-invalid", "The right answer is one of the choices.", f"questions[{number}].right")
    hashed = draw.answer_hash(salt, number, asked.right)
    return QuizQuestion(text=asked.text, choices=tuple(asked.choices), answer_sha256=hashed)


@post("/quizzes")
async def open_quiz(
    data: JSONBody[QuizRequest], request: AnyRequest, actor: Actor, context: Context
) -> Response[QuizAnswer]:
    """Open a quiz in one's own subtree; the answers are hashed and the draw's seed is promised before anyone enters."""
    allow(actor, *OPENERS)
    org_path = own_path(actor, data.division_code)

    async def work(session: Session) -> QuizAnswer:
        quiz_id = new_id()
        salt = await _secret(session.keyring, SALT, quiz_id)
        seed = await _secret(session.keyring, SEED, quiz_id)
        command = OpenQuiz(
            quiz_id=quiz_id,
            title=data.title,
            org_path=org_path,
            questions=tuple(_question(asked, number, salt) for number, asked in enumerate(data.questions)),
            first_day=data.first_day.isoformat(),
            last_day=data.last_day.isoformat(),
            prizes=data.prizes,
            pass_mark=data.pass_mark,
            seed_sha256=draw.seed_hash(seed),
            today=session.today.isoformat(),
            by=actor.sub,
        )
        await session.decide(QUIZ, quiz_id, command)
        return QuizAnswer(quiz_id)

    return await context.command(request, actor, work, status=201)


@post("/quizzes/{quiz_id:str}/entries")
async def enter_quiz(
    quiz_id: PathId, data: JSONBody[EntryRequest], request: AnyRequest, actor: Actor, context: Context
) -> Response[EnteredAnswer]:
    """Enter for today: once, as a covered member of who holds the quiz."""
    allow(actor, "member")

    async def work(session: Session) -> EnteredAnswer:
        quiz = await session.load(QUIZ, quiz_id)
        opened, day = _opened(quiz), session.today.isoformat()
        async with session.reads.connection() as c:
            covered = await eligible.is_covered(c, actor.sub, day, opened.org_path)
        command = EnterQuiz(
            quiz_id=quiz_id,
            person_id=actor.sub,
            day=day,
            answers=tuple(data.answers),
            choices=tuple(len(question.choices) for question in opened.questions),
            is_open=isinstance(quiz, Open) and opened.first_day <= day <= opened.last_day,
            covered=covered,
        )
        await session.decide(QUIZ_ENTRY, entries_key(quiz_id, actor.sub), command)
        return EnteredAnswer(quiz_id, draw.entry_id(quiz_id, actor.sub, day), day)

    return await context.command(request, actor, work, status=201)


@post("/quizzes/{quiz_id:str}/closure", status_code=200)
async def close_quiz(quiz_id: PathId, request: AnyRequest, actor: Actor, context: Context) -> Response[QuizAnswer]:
    """Tell the answers, and fix what is drawn from: all that the log holds by now."""
    allow(actor, *OPENERS)
    settings: Settings = context.settings
    settle = timedelta(minutes=settings.quiz_settle_minutes)
    up_to = await context.log.head()
    await context.projecting.wait_for(up_to)

    async def work(session: Session) -> QuizAnswer:
        quiz = await _quiz(session, quiz_id, actor)
        salt = await _secret(session.keyring, SALT, quiz_id)
        opened = _opened(quiz)
        answers = answers_of(salt, opened)
        async with session.reads.connection() as c:
            turnout = await quiz_entries.turnout(c, quiz_id, up_to)
            passed = await quiz_entries.passed(c, quiz_id, answers, opened.pass_mark, up_to)
        command = CloseQuiz(
            quiz_id=quiz_id,
            salt=salt,
            up_to=up_to,
            entries=turnout.entries,
            passed=tuple(passed),
            today=local_day(session.now - settle).isoformat(),
            by=actor.sub,
        )
        await session.decide(QUIZ, quiz_id, command)
        return QuizAnswer(quiz_id)

    return await context.command(request, actor, work)


@post("/quizzes/{quiz_id:str}/draw", status_code=200)
async def draw_quiz(quiz_id: PathId, request: AnyRequest, actor: Actor, context: Context) -> Response[QuizAnswer]:
    """Draw the winners and tell the seed; by another person than who closed it."""
    allow(actor, *OPENERS)

    async def work(session: Session) -> QuizAnswer:
        quiz = await _quiz(session, quiz_id, actor)
        passed: dict[str, str] = {}
        if isinstance(quiz, Closed):
            async with session.reads.connection() as c:
                passed = await quiz_entries.passed(c, quiz_id, quiz.answers, quiz.quiz.pass_mark, quiz.up_to)
        command = DrawQuiz(
            quiz_id=quiz_id,
            seed=await _secret(session.keyring, SEED, quiz_id),
            passed=passed,
            today=session.today.isoformat(),
            by=actor.sub,
        )
        await session.decide(QUIZ, quiz_id, command)
        return QuizAnswer(quiz_id)

    return await context.command(request, actor, work)


async def _row(context: Context, quiz_id: str, actor: Actor | None) -> quizzes.QuizRow:
    async with context.reads.connection() as c:
        row = await quizzes.find(c, quiz_id, actor)
    if row is None:
        raise Problem(404, "quiz-unknown", "No such quiz.")
    return row


@get("/quizzes")
async def quiz_list(actor: Actor, context: Context, after: Filter = "", limit: Limit = MEMBERS_PAGE) -> QuizPage:
    """Quizzes by first day: members see those that they may enter today, staff all of their subtree."""
    allow(actor, "member", *COUNTERS)
    day = context.clock.today().isoformat()
    is_member = "member" in actor.roles
    async with context.reads.connection() as c:
        held_by = await eligible.organizations_of(c, actor.sub, day) if is_member else set()
        rows = await quizzes.listed(c, after, limit, None if is_member else actor, held_by, day)
    lines = [
        QuizLine(row.quiz_id, row.title, row.first_day, row.last_day, row.prizes, row.closed_on, row.drawn_on)
        for row in rows
    ]
    return QuizPage(lines, f"{rows[-1].first_day}.{rows[-1].quiz_id}" if len(rows) == limit else "")


@get("/quizzes/{quiz_id:str}")
async def quiz_view(quiz_id: PathId, actor: Actor, context: Context) -> QuizView:
    """A quiz; members see every one, staff those of their subtree."""
    allow(actor, "member", *COUNTERS)
    row = await _row(context, quiz_id, None if "member" in actor.roles else actor)
    return QuizView(
        quiz_id=row.quiz_id,
        title=row.title,
        questions=row.questions,
        first_day=row.first_day,
        last_day=row.last_day,
        prizes=row.prizes,
        pass_mark=row.pass_mark,
        one_prize_each=row.one_prize_each,
        answers=row.answers,
        salt=row.salt,
    )


@get("/quizzes/{quiz_id:str}/entries")
async def own_entries(quiz_id: PathId, actor: Actor, context: Context) -> EntriesView:
    """One's own entries: how many answers were right, once the quiz is closed, and what has won."""
    allow(actor, "member")
    row = await _row(context, quiz_id, None)
    async with context.reads.connection() as c:
        mine = await quiz_entries.of_person(c, quiz_id, actor.sub)

    def right(one: quiz_entries.OwnEntry) -> int:
        return sum(a == b for a, b in zip(one.answers, row.answers, strict=True)) if row.closed_on else -1

    return EntriesView([EntryView(one.entry_id, one.day, right(one), one.won) for one in mine])


@get("/quizzes/{quiz_id:str}/winners")
async def winners(quiz_id: PathId, actor: Actor, context: Context) -> WinnersView:
    """Who is to have the prizes, for whoever hands them out in the subtree."""
    allow(actor, *OPENERS)
    await _row(context, quiz_id, actor)
    async with context.reads.connection() as c:
        won = await quiz_entries.won(c, quiz_id)
    return WinnersView([Winner(one.entry_id, one.person_id, one.day) for one in won])


@get("/quizzes/{quiz_id:str}/figures")
async def quiz_figures(quiz_id: PathId, actor: Actor, context: Context) -> QuizFigures:
    """How many entries by how many people, in the caller's subtree."""
    allow(actor, *COUNTERS)
    await _row(context, quiz_id, actor)
    async with context.reads.connection() as c:
        turnout = await quiz_entries.turnout(c, quiz_id)
    return QuizFigures(quiz_id, turnout.entries, turnout.people)


@get("/public/quizzes/{quiz_id:str}/draw", opt=PUBLIC)
async def public_draw(quiz_id: PublicId, request: AnyRequest, context: Context) -> DrawView:
    """What was promised, what is drawn from, the seed and the winning entries, for anyone."""
    _questions.take(client_address(request))
    row = await _row(context, quiz_id, None)
    return DrawView(
        quiz_id=row.quiz_id,
        prizes=row.prizes,
        pass_mark=row.pass_mark,
        first_day=row.first_day,
        last_day=row.last_day,
        seed_sha256=row.seed_sha256,
        closed_on=row.closed_on,
        entries=row.entries,
        drawn_from=row.drawn_from,
        entries_sha256=row.entries_sha256,
        drawn_on=row.drawn_on,
        seed=row.seed,
        winners=row.winners,
        heads=row.heads if row.one_prize_each else (),
    )


@get("/public/quizzes/{quiz_id:str}/drawn-from", opt=PUBLIC)
async def drawn_from(
    quiz_id: PublicId, request: AnyRequest, context: Context, after: Filter = "", limit: EntriesLimit = ENTRIES_PAGE
) -> DrawnFromPage:
    """The sorted ids of the entries that are drawn from, once the quiz is closed; they tell nobody's name."""
    _questions.take(client_address(request))
    row = await _row(context, quiz_id, None)
    if not row.closed_on:
        return DrawnFromPage([], "")
    async with context.reads.connection() as c:
        ids = [*await quiz_entries.passed(c, quiz_id, row.answers, row.pass_mark, row.up_to, after=after, limit=limit)]
    return DrawnFromPage(ids, ids[-1] if len(ids) == limit else "")
