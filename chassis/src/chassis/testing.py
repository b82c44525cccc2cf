"""Given, when, then: the specification of a decider as one sentence."""

from __future__ import annotations

from typing import Any, Generic

from chassis.decider import CommandT, Decider, EventT, Rejected, StateT


class Spec(Generic[CommandT, StateT, EventT]):
    """`Spec(BOOK).given(added).when(LendBook(...)).then(lent)`."""

    def __init__(self, decider: Decider[CommandT, StateT, EventT]) -> None:
        """Specify one decider."""
        self._decider = decider
        self._state = decider.initial
        self._answer: list[EventT] | Rejected | None = None

    def given(self, *events: EventT) -> Spec[CommandT, StateT, EventT]:
        """The history before the command."""
        fresh = Spec(self._decider)
        state = self._state
        for event in events:
            state = self._decider.evolve(state, event)
        fresh._state = state
        return fresh

    def when(self, command: CommandT) -> Spec[CommandT, StateT, EventT]:
        """The command under test."""
        fresh = Spec(self._decider)
        fresh._state = self._state
        try:
            fresh._answer = list(self._decider.decide(command, self._state))
        except Rejected as rejected:
            fresh._answer = rejected
        return fresh

    @property
    def events(self) -> list[Any]:
        """The events of the answer; fails when the command was refused."""
        assert isinstance(self._answer, list), self._answer
        return list(self._answer)

    def then(self, *events: EventT) -> None:
        """It does: exactly these events."""
        assert self._answer == list(events), self._answer

    def then_rejected(self, code: str) -> None:
        """It refuses: by this code."""
        assert isinstance(self._answer, Rejected), f"expected {code}, got {self._answer}"
        assert self._answer.code == code, self._answer

    def then_nothing(self) -> None:
        """It stays quiet: the fact is already recorded."""
        assert self._answer == [], self._answer
