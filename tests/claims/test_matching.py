"""Files of the bureau on the real Postgres: every row gets one result, every payable stay one claim."""

from __future__ import annotations

from contracts.claims.v1 import ClaimFiled
from tests.claims.bureau_house import Bureau, file_of, row

ID = "620725198801010016"


async def test_a_members_stay_opens_a_claim_that_waits_for_the_card(bureau: Bureau) -> None:
    person_id = bureau.registry.add(ID, "甲乙")
    view = await bureau.imported(file_of([row("S1", ID, "甲乙"), row("S2", "620725198801019999", "丙")]))
    assert view["by_result"] == {"EXACT_NEW": 1, "NOT_COVERED": 1}
    assert (view["state"], view["rows"], view["opened"], view["computed_fen"]) == ("MATCHED", 2, 1, 72_000)
    (filed,) = await bureau.events(ClaimFiled)
    assert (filed.person_id, filed.channel, filed.payees) == (person_id, "DATA_MATCH", ())
