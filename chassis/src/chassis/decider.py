"""The decision as a value: three plain functions' worth of meaning, and the only way to say no."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

CommandT = TypeVar("CommandT")
StateT = TypeVar("StateT")
EventT = TypeVar("EventT")


class Rejected(Exception):
    """A rule forbids the command: a stable kebab-case code, a sentence for people, the field if there is one."""

    def __init__(self, code: str, sentence: str, field: str = "") -> None:
        """Keep the three parts apart; the text shows code and sentence."""
        super().__init__(f"{code}: {sentence}")
        self.code = code
        self.sentence = sentence
        self.field = field


@dataclass(frozen=True)
class Decider(Generic[CommandT, StateT, EventT]):
    """`decide(command, state)` answers with events, `[]` when already so, or `Rejected`; `evolve` folds them."""

    category: str
    initial: StateT
    evolve: Callable[[StateT, EventT], StateT]
    decide: Callable[[CommandT, StateT], Sequence[EventT]]

    def stream(self, key: str) -> str:
        """The event stream of one aggregate: `<category>-<key>`."""
        return f"{self.category}-{key}"
