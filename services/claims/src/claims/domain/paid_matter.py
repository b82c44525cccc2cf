"""What money can be asked back of: a claim that the pool paid, or a relief case that the relief fund paid."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.decider import Rejected
from claims.domain import relief_stages
from claims.domain.claim_stages import Absent, Approved, Claim, Paid, Refused, granted_of
from claims.domain.relief_stages import Relief
from contracts.claims.v1 import ClaimFiled

POOL, RELIEF = "pool", "relief"


@dataclass(frozen=True)
class PaidMatter:
    """Whose it is, the plan's code and version, and what has arrived with whom out of which fund."""

    number: str
    person_id: str
    org_path: str
    plan: tuple[str, int]
    fund: str
    paid_fen: int
    payee_ids: tuple[str, ...]


def of_claim(claim: Claim) -> PaidMatter | None:
    """What a claim has paid, with what was offset: that has arrived with a claim before. None where there is none."""
    match claim:
        case Absent():
            return None
        case Approved(approved, arrived) | Paid(Approved(approved, arrived)):
            plan = (approved.plan_code, approved.plan_version)
            number, person_id, org_path = approved.claim_no, approved.person_id, approved.org_path
            offset_fen = sum(line.offset_fen for line in granted_of(claim).approved.lines)
        case _:
            filed: ClaimFiled = claim.filed
            plan, number = (filed.plan_code, filed.plan_version), filed.claim_no
            person_id, org_path = filed.person_id, filed.org_path
            arrived, offset_fen = claim.beside.arrived if isinstance(claim, Refused) else (), 0
    paid_fen = sum(one.amount_fen for one in arrived) + offset_fen
    payees = tuple(dict.fromkeys(one.payee_id for one in arrived))
    return PaidMatter(number, person_id, org_path, plan, POOL, paid_fen, payees)


def of_relief(relief: Relief) -> PaidMatter | None:
    """What a relief case has paid. None where there is none."""
    match relief:
        case relief_stages.Absent():
            return None
        case relief_stages.Granted(dossier, _, arrived) | relief_stages.Paid(
            relief_stages.Granted(dossier, _, arrived)
        ):
            filed = dossier.filed
        case _:
            filed, arrived = relief.dossier.filed, ()
    paid_fen = sum(one.amount_fen for one in arrived)
    payees = tuple(dict.fromkeys(one.payee_id for one in arrived))
    plan = (filed.plan_code, filed.plan_version)
    return PaidMatter(filed.relief_no, filed.person_id, filed.org_path, plan, RELIEF, paid_fen, payees)


def paid_by(matter: PaidMatter) -> PaidMatter:
    """The matter, of which something has arrived. Raises Rejected nothing-paid."""
    if not matter.payee_ids:
        raise Rejected("nothing-paid", "Nothing has been paid on this claim.")
    return matter
