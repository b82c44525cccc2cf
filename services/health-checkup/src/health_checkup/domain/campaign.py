"""A campaign of check-ups: a quota of people in all, shared out to the prefectures, and what it has cost (domain 8.2).

What a prefecture's stops may seat is counted in `prefecture-<campaign>-<code>`, a stream of its own: read models lag.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from chassis.decider import Decider, Rejected
from contracts.health_checkup.campaigns import (
    CampaignClosed,
    CampaignCostRecorded,
    CampaignOpened,
    PrefectureQuotaSet,
)


@dataclass(frozen=True)
class Absent:
    """No campaign of this code."""


@dataclass(frozen=True)
class Open:
    """Stops may be opened for it. `quotas` by prefecture, `costs` in fen by their id."""

    name: str
    quota: int
    budget_fen: int
    packages: tuple[str, ...]
    rules: str
    quotas: Mapping[str, int] = field(default_factory=dict)
    costs: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Closed:
    """Over; late bills still come in."""

    costs: Mapping[str, int]


Campaign: TypeAlias = Absent | Open | Closed
CampaignEvent: TypeAlias = CampaignOpened | PrefectureQuotaSet | CampaignCostRecorded | CampaignClosed


def evolve(campaign: Campaign, event: CampaignEvent) -> Campaign:
    """Fold one event."""
    match event, campaign:
        case CampaignOpened(), _:
            return Open(event.name, event.quota, event.budget_fen, event.packages, event.rules)
        case PrefectureQuotaSet(), Open():
            return replace(campaign, quotas={**campaign.quotas, event.prefecture: event.seats})
        case CampaignCostRecorded(), (Open() | Closed()):
            return replace(campaign, costs={**campaign.costs, event.cost_id: event.amount_fen})
        case CampaignClosed(), Open():
            return Closed(campaign.costs)
        case _:
            return campaign


@dataclass(frozen=True, kw_only=True)
class OpenCampaign:
    """Plan a year's check-ups; `packages` and `rules` are known versions."""

    campaign: str
    year: int
    name: str
    quota: int
    budget_fen: int
    packages: tuple[str, ...]
    rules: str
    today: str
    by: str


@dataclass(frozen=True)
class SetQuota:
    """The prefecture is to have `seats` of the campaign's people in all; `reserved` of them its stops have taken."""

    campaign: str
    prefecture: str
    seats: int
    reserved: int
    by: str


@dataclass(frozen=True)
class RecordCost:
    """Money was spent; the id makes it once."""

    campaign: str
    cost_id: str
    amount_fen: int
    what: str
    spent_on: str
    by: str


@dataclass(frozen=True)
class CloseCampaign:
    """No more stops."""

    campaign: str
    today: str
    by: str


CampaignCommand: TypeAlias = OpenCampaign | SetQuota | RecordCost | CloseCampaign


def _open(command: OpenCampaign) -> list[CampaignEvent]:
    if command.quota < 1:
        raise Rejected("quota-invalid", "A campaign is for one person or more.", "quota")
    if command.budget_fen < 0:
        raise Rejected("budget-invalid", "A budget is no money or more.", "budget_fen")
    if not command.packages:
        raise Rejected("package-invalid", "A campaign names the packages it examines by.", "packages")
    return [
        CampaignOpened(
            campaign=command.campaign,
            year=command.year,
            name=command.name,
            quota=command.quota,
            budget_fen=command.budget_fen,
            packages=command.packages,
            rules=command.rules,
            opened_on=command.today,
            by=command.by,
        )
    ]


def _again(command: OpenCampaign, campaign: Open) -> list[CampaignEvent]:
    asked = (command.name, command.quota, command.budget_fen, command.packages, command.rules)
    if asked == (campaign.name, campaign.quota, campaign.budget_fen, campaign.packages, campaign.rules):
        return []
    raise Rejected("campaign-differs", "Another campaign has this code.", "campaign")


def _set_quota(command: SetQuota, campaign: Open) -> list[CampaignEvent]:
    before = campaign.quotas.get(command.prefecture)
    if before == command.seats:
        return []
    if command.seats < 0:
        raise Rejected("quota-invalid", "A quota is no seat or more.", "seats")
    free = campaign.quota - sum(campaign.quotas.values()) + (before or 0)
    if command.seats > free:
        raise Rejected("quota-exceeds-campaign", f"The campaign has {free} seats left for it.", "seats")
    if command.seats < command.reserved:
        raise Rejected("quota-in-use", f"Its stops have taken {command.reserved} seats.", "seats")
    return [
        PrefectureQuotaSet(campaign=command.campaign, prefecture=command.prefecture, seats=command.seats, by=command.by)
    ]


def _cost(command: RecordCost, campaign: Open | Closed) -> list[CampaignEvent]:
    before = campaign.costs.get(command.cost_id)
    if before == command.amount_fen:
        return []
    if before is not None:
        raise Rejected("cost-differs", "Another sum is recorded under this id.", "amount_fen")
    if command.amount_fen < 1:
        raise Rejected("cost-invalid", "A cost is one fen or more.", "amount_fen")
    return [
        CampaignCostRecorded(
            campaign=command.campaign,
            cost_id=command.cost_id,
            amount_fen=command.amount_fen,
            what=command.what,
            spent_on=command.spent_on,
            by=command.by,
        )
    ]


def decide(command: CampaignCommand, campaign: Campaign) -> list[CampaignEvent]:
    """The prefectures' quotas never sum to more than the campaign's."""
    match command, campaign:
        case OpenCampaign(), Absent():
            return _open(command)
        case _, Absent():
            raise Rejected("campaign-unknown", "No such campaign.")
        case OpenCampaign(), Open():
            return _again(command, campaign)
        case SetQuota(), Open():
            return _set_quota(command, campaign)
        case RecordCost(), _:
            return _cost(command, campaign)
        case CloseCampaign(), Open():
            return [CampaignClosed(campaign=command.campaign, closed_on=command.today, by=command.by)]
        case CloseCampaign(), _:
            return []
        case ((OpenCampaign() | SetQuota()), _):
            raise Rejected("campaign-closed", "The campaign is over.")


CAMPAIGN = Decider[CampaignCommand, Campaign, CampaignEvent]("campaign", Absent(), evolve, decide)
