"""Free text about a claim: sealed for its member when it is written, opened for whoever may see the claim."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.context import Context
from chassis.execute import Session
from chassis.keyring import Erased
from contracts.envelope import Sealed
from contracts.person import Note

FIELD = "claims/note"
CATEGORY = "health"
ERASED = "(已删除)"


async def seal_note(session: Session, person_id: str, text: str) -> Sealed | None:
    """A text as an event carries it; None for none."""
    if not text.strip():
        return None
    return await session.keyring.seal(
        Note(text=text), subject=person_id, category=CATEGORY, decision_id=session.decision_id, field=FIELD
    )


async def open_notes(context: Context, notes: Sequence[Sealed | None]) -> list[str]:
    """The texts, in order: empty where there is none, ERASED where the person's data were erased."""
    asked = [(note, Note, note.s, FIELD) for note in notes if note is not None]
    answers = iter(await context.keyring.open_many(asked)) if asked else iter(())
    opened = (next(answers) if note is not None else Note(text="") for note in notes)
    return [ERASED if isinstance(one, Erased) else one.text for one in opened]
