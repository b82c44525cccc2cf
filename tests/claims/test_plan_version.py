"""A version of a plan's rules is adopted by two different people of the office and the committee."""

from __future__ import annotations

import pytest

from chassis.testing import Spec
from claims.api.plans import DIGESTS
from claims.domain.plan_version import PLAN_VERSION, SignPlanVersion, signers_of, version_key
from contracts.claims.rules import PlanVersionAdopted, PlanVersionSigned
from tests.claims.house import House
from tests.claims.material import PLAN

SPEC = Spec(PLAN_VERSION)
DIGEST, OTHER = "a" * 64, "b" * 64
PATH = f"/plans/{PLAN.code}/versions/{PLAN.version}"


def sign(role: str = "office_head", by: str = "head", digest: str = DIGEST, current: str = DIGEST) -> SignPlanVersion:
    return SignPlanVersion("P", 1, digest, current, role, by)


def signed(role: str = "office_head", by: str = "head", digest: str = DIGEST) -> PlanVersionSigned:
    return PlanVersionSigned(plan_code="P", plan_version=1, rules_sha256=digest, role=role, by=by)


ADOPTED = PlanVersionAdopted(plan_code="P", plan_version=1, rules_sha256=DIGEST, signed_by=("head", "member"))
BOTH = (signed(), signed("supervisor", "member"), ADOPTED)


@pytest.mark.parametrize(("role", "by"), [("office_head", "head"), ("supervisor", "member")])
def test_the_first_signature_is_kept(role: str, by: str) -> None:
    SPEC.when(sign(role, by)).then(signed(role, by))


def test_the_second_signature_adopts_the_version_whoever_was_first() -> None:
    SPEC.given(signed()).when(sign("supervisor", "member")).then(signed("supervisor", "member"), ADOPTED)
    SPEC.given(signed("supervisor", "member")).when(sign()).then(signed(), ADOPTED)


def test_signing_again_changes_nothing() -> None:
    SPEC.given(signed()).when(sign()).then_nothing()
    SPEC.given(*BOTH).when(sign()).then_nothing()
    SPEC.given(*BOTH).when(sign("supervisor", "member")).then_nothing()


@pytest.mark.parametrize("history", [(), (signed(),), BOTH])
def test_rules_that_are_not_in_use_and_other_roles_are_not_signed(history: tuple[PlanVersionSigned, ...]) -> None:
    given = SPEC.given(*history)
    given.when(sign("supervisor", "another", digest=OTHER)).then_rejected("rules-differ")
    given.when(sign("office_reviewer", "another")).then_rejected("role-not-signing")


@pytest.mark.parametrize("history", [(signed(),), BOTH])
def test_a_version_that_was_signed_is_not_changed(history: tuple[PlanVersionSigned, ...]) -> None:
    SPEC.given(*history).when(sign("supervisor", "another", OTHER, OTHER)).then_rejected("rules-differ")


def test_one_person_signs_once_and_one_role_once() -> None:
    SPEC.given(signed()).when(sign("supervisor", "head")).then_rejected("same-signer")
    SPEC.given(signed()).when(sign("office_head", "another")).then_rejected("role-signed")
    SPEC.given(*BOTH).when(sign("office_head", "another")).then_rejected("role-signed")


def test_the_signers_are_known_for_the_rules_in_use_alone() -> None:
    def state(*events: PlanVersionSigned | PlanVersionAdopted) -> tuple[str, ...]:
        version = PLAN_VERSION.initial
        for event in events:
            version = PLAN_VERSION.evolve(version, event)
        return signers_of(version, DIGEST)

    assert state() == state(signed()) == state(signed(), signed("supervisor", "member")) == ()
    assert state(*BOTH) == ("head", "member")
    version = PLAN_VERSION.initial
    for event in BOTH:
        version = PLAN_VERSION.evolve(version, event)
    assert signers_of(version, OTHER) == (), "the file was changed under its signatures"


async def test_two_people_adopt_a_version_over_http(house: House) -> None:
    digest = {"rules_sha256": DIGESTS[PLAN.code, PLAN.version]}
    first = await house.post(f"{PATH}/sign", digest, "head", "office_head", key="k")
    assert (first.status_code, first.json()["adopted"]) == (200, False)
    again = await house.post(f"{PATH}/sign", digest, "head", "office_head", key="k")
    assert again.json() == first.json()
    same = await house.post(f"{PATH}/sign", digest, "head", "supervisor")
    assert (same.status_code, same.json()["code"]) == (409, "same-signer")
    second = await house.post(f"{PATH}/sign", digest, "committee", "supervisor")
    assert second.json()["adopted"]
    versions = (await house.get("/plans", "office_reviewer")).json()["versions"]
    view = next(one for one in versions if one["plan_code"] == PLAN.code)
    assert view["adopted"]
    assert view["rules_sha256"] == digest["rules_sha256"]
    assert [(one["role"], one["signed_by"]) for one in view["signatures"]] == [
        ("office_head", "head"),
        ("supervisor", "committee"),
    ]
    assert not any(one["adopted"] for one in versions if one is not view)
    state = await house.world.context.log.load(PLAN_VERSION.stream(version_key(PLAN.code, PLAN.version)))
    assert len(state) == 3


async def test_signing_has_its_roles_its_place_and_its_rules(house: House) -> None:
    digest = {"rules_sha256": DIGESTS[PLAN.code, PLAN.version]}
    for role, org, path, body, expected in (
        ("office_reviewer", "620000", PATH, digest, (403, "role-not-allowed")),
        ("supervisor", "620700", PATH, digest, (403, "organization-not-allowed")),
        ("office_head", "620000", f"/plans/{PLAN.code}/versions/99", digest, (404, "plan-unknown")),
        ("office_head", "620000", PATH, {"rules_sha256": "0" * 64}, (409, "rules-differ")),
        ("office_head", "620000", PATH, {"rules_sha256": "short"}, (400, "request-invalid")),
    ):
        answer = await house.post(f"{path}/sign", body, "somebody", role, org)
        assert (answer.status_code, answer.json()["code"]) == expected
    assert (await house.get("/plans", "member")).status_code == 403
    whole = (await house.get(PATH, "supervisor")).json()
    assert whole["benefits"]["ACCIDENT_DISABILITY"]["formula"]["grade_percents"]["6"] == 50
    assert (await house.get("/plans/NONE/versions/1", "supervisor")).status_code == 404
