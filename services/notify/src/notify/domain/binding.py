"""Whether a person follows the WeChat service account, and as whom (domain 9.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from chassis.decider import Decider
from contracts.envelope import Sealed
from contracts.notify.reaching import WechatBound, WechatUnbound


@dataclass(frozen=True)
class Unbound:
    """Not reached by WeChat."""


@dataclass(frozen=True)
class Bound:
    """Reached by WeChat; the code that proved it."""

    code_id: str


Binding: TypeAlias = Unbound | Bound
BindingEvent: TypeAlias = WechatBound | WechatUnbound


@dataclass(frozen=True)
class BindWechat:
    """The member proved by a code that the account is theirs; a later one replaces it.

    `scene_code` is that of the sticker that led to it, or "".
    """

    person_id: str
    openid: Sealed
    code_id: str
    scene_code: str = ""


@dataclass(frozen=True)
class UnbindWechat:
    """Let the account go; `reason` as in WechatUnbound."""

    person_id: str
    reason: str


BindingCommand: TypeAlias = BindWechat | UnbindWechat


def evolve(_: Binding, event: BindingEvent) -> Binding:
    """Fold one event."""
    match event:
        case WechatBound():
            return Bound(event.code_id)
        case WechatUnbound():
            return Unbound()


def decide(command: BindingCommand, binding: Binding) -> list[BindingEvent]:
    """One account a person."""
    match command, binding:
        case BindWechat(), Bound(code_id) if code_id == command.code_id:
            return []
        case BindWechat(), _:
            return [
                WechatBound(
                    person_id=command.person_id,
                    openid=command.openid,
                    code_id=command.code_id,
                    scene_code=command.scene_code,
                )
            ]
        case UnbindWechat(), Bound():
            return [WechatUnbound(person_id=command.person_id, reason=command.reason)]
        case UnbindWechat(), Unbound():
            return []


BINDING = Decider[BindingCommand, Binding, BindingEvent]("binding", Unbound(), evolve, decide)
