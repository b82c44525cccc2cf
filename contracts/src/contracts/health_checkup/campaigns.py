"""Events of health-checkup: campaigns with their quotas and cost, routes of the trucks, a prefecture's seats."""

from __future__ import annotations

from contracts.envelope import Event


class CampaignOpened(Event, frozen=True, kw_only=True):
    """A year's check-ups are planned (domain 8.2). Stream `campaign-<code>`.

    `quota` people in all, `budget_fen` for all of them; `packages` and `rules` name versions of plan data.
    """

    campaign: str
    year: int
    name: str
    quota: int
    budget_fen: int
    packages: tuple[str, ...]
    rules: str
    opened_on: str
    by: str


class PrefectureQuotaSet(Event, frozen=True, kw_only=True):
    """So many of the campaign's people are this prefecture's, in all (domain 8.2). Stream `campaign-<code>`."""

    campaign: str
    prefecture: str
    seats: int
    by: str


class CampaignCostRecorded(Event, frozen=True, kw_only=True):
    """Money spent on the campaign, for the cost a head. Stream `campaign-<code>`."""

    campaign: str
    cost_id: str
    amount_fen: int
    what: str
    spent_on: str
    by: str


class CampaignClosed(Event, frozen=True, kw_only=True):
    """No stop of the campaign is opened any more. Stream `campaign-<code>`."""

    campaign: str
    closed_on: str
    by: str


class PrefectureSeatsGranted(Event, frozen=True, kw_only=True):
    """The prefecture's stops may seat so many in all; said with its quota. Stream `prefecture-<campaign>-<code>`."""

    campaign: str
    prefecture: str
    seats: int


class StopSeatsReserved(Event, frozen=True, kw_only=True):
    """A stop took `seats` more of its prefecture's, ahead of its bookings. Stream `prefecture-<campaign>-<code>`."""

    campaign: str
    prefecture: str
    stop_id: str
    seats: int


class StopSeatsReleased(Event, frozen=True, kw_only=True):
    """A closed stop gave back `seats` that nobody used. Stream `prefecture-<campaign>-<code>`."""

    campaign: str
    prefecture: str
    stop_id: str
    seats: int


class RoutePlanned(Event, frozen=True, kw_only=True):
    """A truck of a provider travels for the campaign (domain 8.2). Stream `route-<campaign>-<truck>`."""

    route_id: str
    campaign: str
    truck: str
    provider: str
    org_path: str
    by: str


class TruckDeviceRegistered(Event, frozen=True, kw_only=True):
    """A device that checks members in without network; `public_key` is raw Ed25519 in base64url. Stream `route-…`."""

    route_id: str
    device_id: str
    public_key: str
    by: str


class RouteDayTaken(Event, frozen=True, kw_only=True):
    """The truck stands at this stop on `date`, and nowhere else. Stream `route-<campaign>-<truck>`."""

    route_id: str
    stop_id: str
    date: str


EVENTS: dict[str, type[Event]] = {
    "health_checkup.campaign-opened.v1": CampaignOpened,
    "health_checkup.prefecture-quota-set.v1": PrefectureQuotaSet,
    "health_checkup.campaign-cost-recorded.v1": CampaignCostRecorded,
    "health_checkup.campaign-closed.v1": CampaignClosed,
    "health_checkup.prefecture-seats-granted.v1": PrefectureSeatsGranted,
    "health_checkup.stop-seats-reserved.v1": StopSeatsReserved,
    "health_checkup.stop-seats-released.v1": StopSeatsReleased,
    "health_checkup.route-planned.v1": RoutePlanned,
    "health_checkup.truck-device-registered.v1": TruckDeviceRegistered,
    "health_checkup.route-day-taken.v1": RouteDayTaken,
}
