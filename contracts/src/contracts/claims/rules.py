"""Events of claims: versions of a plan and who signed them."""

from __future__ import annotations

from contracts.envelope import Event, Upcaster


class PlanVersionSigned(Event, frozen=True, kw_only=True):
    """A person signed a version of a plan's rules (domain 4.3, 6.3). Stream `plan-<code>-v<version>`.

    `rules_sha256` is the digest of the plan's file as it was signed; `role` office_head or supervisor.
    """

    plan_code: str
    plan_version: int
    rules_sha256: str
    role: str
    by: str


class PlanVersionAdopted(Event, frozen=True, kw_only=True):
    """Head of the office and committee have signed the same rules. Stream `plan-<code>-v<version>`.

    `signed_by` are these two different people, the head first: what is paid automatically counts as approved by them.
    """

    plan_code: str
    plan_version: int
    rules_sha256: str
    signed_by: tuple[str, ...]


EVENTS: dict[str, type[Event]] = {
    "claims.plan-version-signed.v1": PlanVersionSigned,
    "claims.plan-version-adopted.v1": PlanVersionAdopted,
}
UPCASTERS: dict[str, Upcaster] = {}
