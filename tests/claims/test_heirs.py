"""The heirs of a death: all of the order that inherits, shares of exactly the whole, papers before money (4.6)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.decider import Rejected
from chassis.testing import Spec
from claims.domain.heirs import HEIRS, Heirs, Listed, ListHeirs, Unlisted, as_filed, check_payable, lacking
from contracts.claims.heirs import Heir, HeirsListed
from contracts.claims.v1 import ClaimApproved, Payee
from contracts.organization import path_of
from tests.claims.house import HEIR_PAPERS, House, digest_of, filing, payee
from tests.claims.material import PLAN
from tests.claims.material import payee as paid

assert PLAN.heirs is not None
RULES = PLAN.heirs
UNIT, COUNTY = "6207251000001", "620725"
PAPERS = ("CLAIMANT_ID_CARD", "HEIR_LIST", "KINSHIP_PROOF")
spec = Spec(HEIRS)


def heir(payee_id: str, relation: str = "CHILD", share: int = 50, *, guarded: bool = False) -> Heir:
    return Heir(
        heir_id=payee_id or "w",
        relation=relation,
        payee_id=payee_id,
        share_percent=share,
        waived=not payee_id,
        guarded=guarded,
    )


def listing(*heirs: Heir, **changes: Any) -> HeirsListed:
    fields: dict[str, Any] = {
        "claim_id": "c1",
        "heirs": heirs,
        "division": "EQUAL_SHARES",
        "disputed": False,
        "documents": PAPERS,
        "by": "filer",
    }
    return HeirsListed(**{**fields, **changes})


def asked(*heirs: Heir, **changes: Any) -> ListHeirs:
    payees = tuple(paid(one.payee_id, one.relation, one.share_percent) for one in heirs if one.payee_id)
    return ListHeirs(listing(*heirs, **changes), payees, RULES)


TWO = (heir("a", "SPOUSE"), heir("b"))


def test_all_heirs_are_listed_and_a_later_list_replaces_the_earlier() -> None:
    spec.when(asked(*TWO)).then(listing(*TWO))
    spec.given(listing(*TWO)).when(asked(*TWO)).then_nothing()
    waived = (*TWO, heir("", share=0))
    spec.given(listing(*TWO)).when(asked(*waived, division="AGREEMENT")).then(listing(*waived, division="AGREEMENT"))


@pytest.mark.parametrize(
    ("heirs", "changes", "code"),
    [
        ((), {}, "heirs-missing"),
        ((heir("a", share=50), heir("b", share=49)), {}, "shares-not-100"),
        ((heir("a", share=50), heir("b", share=51)), {}, "shares-not-100"),
        ((heir("a", share=70), heir("b", share=30)), {}, "shares-not-equal"),
        ((heir("a"), heir("a")), {}, "heir-repeated"),
        ((heir("a", share=100), heir("", share=10)), {}, "waiver-with-share"),
        ((heir("a", share=100), heir("b", share=0)), {}, "heir-without-payee"),
        ((heir("a", "SPOUSE"), heir("b", "SIBLING")), {}, "order-not-due"),
        ((heir("a", "FRIEND", 100),), {}, "order-not-due"),
        ((heir("a", "SPOUSE", 100),), {"division": "BENEFICIARY"}, "order-not-due"),
    ],
)
def test_a_list_that_is_not_whole_is_refused(heirs: tuple[Heir, ...], changes: dict[str, Any], code: str) -> None:
    spec.when(asked(*heirs, **changes)).then_rejected(code)
    spec.given(listing(*TWO)).when(asked(*heirs, **changes)).then_rejected(code)


def test_the_heirs_are_the_payees() -> None:
    strangers = ListHeirs(listing(*TWO), (paid("x", "SPOUSE", 50), paid("b", "CHILD", 50)), RULES)
    spec.when(strangers).then_rejected("heirs-differ")


def test_shares_may_differ_by_agreement_and_siblings_inherit_alone() -> None:
    assert spec.when(asked(heir("a", share=70), heir("b", share=30), division="AGREEMENT")).events
    assert spec.when(asked(heir("a", "SIBLING"), heir("b", "GRANDPARENT"))).events
    assert spec.when(asked(heir("a", "BENEFICIARY", 100), division="BENEFICIARY")).events


@given(st.lists(st.integers(1, 99), min_size=1, max_size=8))
def test_invariant_12_17_whatever_is_listed_sums_to_100(shares: list[int]) -> None:
    heirs = tuple(heir(f"h{number}", share=share) for number, share in enumerate(shares))
    try:
        events = HEIRS.decide(asked(*heirs, division="AGREEMENT"), Unlisted())
    except Rejected:
        assert sum(shares) != 100
        return
    assert sum(one.share_percent for one in events[0].heirs) == 100


@pytest.mark.parametrize(
    ("changes", "total_fen", "needs"),
    [
        ({}, 20_000_000, ()),
        ({"documents": ()}, 1, ("NEED_CLAIMANT_ID", "NEED_KINSHIP", "NEED_HEIR_LIST")),
        ({}, 20_000_001, ("NEED_NOTARIAL_DEED",)),
        ({"disputed": True}, 1, ("NEED_NOTARIAL_DEED",)),
        ({"division": "AGREEMENT"}, 1, ("NEED_HEIR_AGREEMENT",)),
        ({"division": "AGREEMENT", "documents": (*PAPERS, "HEIR_WAIVER")}, 1, ()),
        ({"heirs": (heir("a", guarded=True), heir("b"))}, 1, ("NEED_GUARDIAN_PROOF",)),
        ({"heirs": (*TWO, heir("", share=0))}, 1, ("NEED_HEIR_AGREEMENT",)),
    ],
)
def test_the_papers_of_claimants_follow_from_the_list(
    changes: dict[str, Any], total_fen: int, needs: tuple[str, ...]
) -> None:
    assert lacking(listing(*changes.pop("heirs", TWO), **changes), RULES, total_fen) == needs


def test_nothing_is_payable_to_other_people_than_the_list_or_without_papers() -> None:
    payees = (paid("a", "SPOUSE", 50), paid("b", "CHILD", 50))

    def refusal(heirs: Heirs, to: tuple[Payee, ...], fen: int = 1) -> str:
        with pytest.raises(Rejected) as refused:
            check_payable(heirs, RULES, to, fen)
        return refused.value.code

    assert refusal(Unlisted(), payees) == "heirs-not-listed"
    assert refusal(Listed(listing(*TWO)), payees[:1]) == "heirs-differ"
    assert refusal(Listed(listing(*TWO)), payees, 20_000_001) == "heir-papers-missing"
    check_payable(Listed(listing(*TWO)), RULES, payees, 1)
    check_payable(Unlisted(), RULES, (paid(),), 20_000_001)


def test_payees_alone_state_equal_shares_or_an_agreement() -> None:
    assert as_filed((paid("a", "CHILD", 34), paid("b", "CHILD", 33), paid("c", "CHILD", 33)))[1] == "EQUAL_SHARES"
    assert as_filed((paid("a", "SPOUSE", 60), paid("b", "CHILD", 40)))[1] == "AGREEMENT"
    assert as_filed((paid("a", "BENEFICIARY", 100),))[1] == "BENEFICIARY"


DIED = {"kind": "ACCIDENT", "decisive_on": "2022-05-12", "died_on": "2022-05-12", "at_work": True}


def papers(*kinds: str) -> list[dict[str, str]]:
    return [{"kind": kind, "sha256": digest_of(kind)} for kind in kinds]


async def test_a_death_of_300000_waits_for_its_notarial_deed(house: House) -> None:
    person_id = await house.cover(UNIT)
    kinds = [kind for kind in HEIR_PAPERS if kind != "NOTARIAL_DEED"]
    body = filing(person_id, incident=DIED, facts={}, documents=papers(*kinds), payees=[payee("SPOUSE")])
    claim_id = await house.filed(body)
    await house.pass_union(claim_id, path_of(UNIT), "COUNTY_REVIEW")
    await house.act(claim_id, "assess", "office_reviewer")
    await house.act(claim_id, "recheck", "office_rechecker")
    view = (await house.get(f"/claims/{claim_id}/heirs", "county_clerk", COUNTY)).json()
    assert view["needs"] == ["NEED_NOTARIAL_DEED"]
    early = await house.post(f"/claims/{claim_id}/approve", None, "head", "office_head")
    assert (early.status_code, early.json()["code"]) == (409, "heir-papers-missing")
    heirs = {
        "heirs": [{"relation": "SPOUSE", "payee": 0}],
        "division": "EQUAL_SHARES",
        "documents": papers("NOTARIAL_DEED"),
    }
    unseen = await house.post(f"/claims/{claim_id}/heirs", heirs, "reviewer", "office_reviewer")
    assert (unseen.status_code, unseen.json()["code"]) == (404, "document-unknown")
    heirs["documents"] = await house.papers(person_id, ["NOTARIAL_DEED"])
    told = await house.post(f"/claims/{claim_id}/heirs", heirs, "reviewer", "office_reviewer")
    assert told.json()["needs"] == []
    assert (await house.act(claim_id, "approve", "office_head"))["state"] == "APPROVED"


async def test_several_heirs_a_waiver_and_a_minor_are_listed_and_each_paid_to_their_own_account(house: House) -> None:
    person_id = await house.cover(UNIT)
    people = {
        "heirs": [
            {"relation": "SPOUSE", "payee": 0},
            {"relation": "CHILD", "payee": 1, "guarded": True},
            {"relation": "PARENT", "payee": -1},
        ],
        "division": "AGREEMENT",
    }
    kinds = (*HEIR_PAPERS, "HEIR_AGREEMENT", "COURT_GUARDIANSHIP")
    payees = [payee("SPOUSE", 60), payee("CHILD", 40)]
    body = filing(person_id, incident=DIED, facts={}, documents=papers(*kinds), payees=payees, heirs=people)
    claim_id = await house.filed(body)
    view = (await house.get(f"/claims/{claim_id}/heirs")).json()
    assert [(one["relation"], one["share_percent"], one["waived"], one["guarded"]) for one in view["heirs"]] == [
        ("SPOUSE", 60, False, False),
        ("CHILD", 40, False, True),
        ("PARENT", 0, True, False),
    ]
    await house.pass_union(claim_id, path_of(UNIT), "COUNTY_REVIEW")
    assert (await house.decide(claim_id))["state"] == "APPROVED"
    approved = next(one for one in await house.history(claim_id) if isinstance(one, ClaimApproved))
    assert [one.share_percent for one in approved.payees] == [60, 40]


async def test_heirs_are_listed_by_those_whose_claim_it_is(house: House) -> None:
    person_id = await house.cover(UNIT)
    claim_id = await house.filed(filing(person_id, incident=DIED, facts={}, payees=[payee("SPOUSE")]))
    heirs = {"heirs": [{"relation": "SPOUSE", "payee": 0}], "division": "EQUAL_SHARES"}
    path = f"/claims/{claim_id}/heirs"
    assert (await house.post(path, heirs, "c", "county_clerk", "620702")).status_code == 404
    assert (await house.post(path, heirs, "m", "member", UNIT)).status_code == 404
    assert (await house.get(path, "member", UNIT, "another")).status_code == 404
    far = {"heirs": [{"relation": "SPOUSE", "payee": 7}], "division": "EQUAL_SHARES"}
    wrong = await house.post(path, far, "filer", "unit_clerk", UNIT)
    assert (wrong.status_code, wrong.json()["code"]) == (409, "heir-without-payee")
    living = await house.filed(filing(await house.cover(UNIT)))
    alive = await house.post(f"/claims/{living}/heirs", heirs, "filer", "unit_clerk", UNIT)
    assert (alive.status_code, alive.json()["code"]) == (409, "no-death")
