"""What officers write about a claim is sealed for its member, and opened for whoever may see the claim."""

from __future__ import annotations

from contracts.claims.v1 import ClaimForwarded
from tests.claims.house import House, filing

COUNTY, UNIT = "620725", "6207251000001"


async def test_free_text_lies_sealed_and_is_read_by_whoever_may_see_the_claim(house: House) -> None:
    person_id = await house.cover(UNIT)
    claim_id = await house.filed(filing(person_id))
    opinion = "电话 13800000000,患恶性肿瘤,情况属实。"
    answer = await house.post(f"/claims/{claim_id}/forward", {"opinion": opinion}, "c", "county_clerk", COUNTY)
    assert answer.status_code == 200
    (forwarded,) = [one for one in await house.history(claim_id) if isinstance(one, ClaimForwarded)]
    assert (forwarded.opinion, forwarded.note and forwarded.note.k) == ("", "health")
    for reader in ("office_reviewer", "auditor"):
        history = (await house.get(f"/claims/{claim_id}", reader)).json()["history"]
        assert [step["note"] for step in history] == ["", opinion]
    await house.world.context.keyring.destroy(person_id, ["health"])
    history = (await house.get(f"/claims/{claim_id}")).json()["history"]
    assert [step["note"] for step in history] == ["", "(已删除)"]
