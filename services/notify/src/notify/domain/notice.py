"""Something that officers are told in the app, once for each cause (domain 9.3)."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.decider import Decider, Rejected
from contracts.notify.reaching import NoticePosted

Notice = NoticePosted | None


@dataclass(frozen=True)
class PostNotice:
    """Tell it; fields as in NoticePosted."""

    notice_id: str
    kind: str
    roles: tuple[str, ...]
    org_path: str
    facts: tuple[tuple[str, str], ...]
    posted_on: str


def evolve(_: Notice, event: NoticePosted) -> Notice:
    """Fold one event."""
    return event


def decide(command: PostNotice, notice: Notice) -> list[NoticePosted]:
    """A cause is told once; other facts under it are refused."""
    posted = NoticePosted(
        notice_id=command.notice_id,
        kind=command.kind,
        roles=command.roles,
        org_path=command.org_path,
        facts=dict(command.facts),
        posted_on=command.posted_on,
    )
    if notice is None:
        return [posted]
    if notice.kind != command.kind or notice.org_path != command.org_path:
        raise Rejected("notice-differs", "Something else was told under this cause.")
    return []


NOTICE = Decider[PostNotice, Notice, NoticePosted]("notice", None, evolve, decide)
