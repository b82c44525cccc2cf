"""HTTP in: the proof of notice for the office, a member's own messages and WeChat, officers' tasks and notices."""

from litestar.types import ControllerRouterHandler

from notify.api import bindings, messages, mine, officers

ROUTES: list[ControllerRouterHandler] = [*messages.ROUTES, *mine.ROUTES, *bindings.ROUTES, *officers.ROUTES]
