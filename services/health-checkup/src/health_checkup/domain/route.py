"""A truck's route in a campaign: whose it is, which devices check in for it, where it stands on which day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from chassis.decider import Decider, Rejected
from contracts.health_checkup.campaigns import RouteDayTaken, RoutePlanned, TruckDeviceRegistered

DEVICES_MAX = 20


@dataclass(frozen=True)
class Absent:
    """No such route."""


@dataclass(frozen=True)
class Planned:
    """`devices` id → raw Ed25519 public key in base64url; `days` ISO date → stop id."""

    campaign: str
    provider: str
    org_path: str
    devices: Mapping[str, str] = field(default_factory=dict)
    days: Mapping[str, str] = field(default_factory=dict)


Route: TypeAlias = Absent | Planned
RouteEvent: TypeAlias = RoutePlanned | TruckDeviceRegistered | RouteDayTaken


def route_id(campaign: str, truck: str) -> str:
    """One route for each campaign and truck."""
    return f"{campaign}-{truck}"


def evolve(route: Route, event: RouteEvent) -> Route:
    """Fold one event."""
    match event, route:
        case RoutePlanned(), _:
            return Planned(event.campaign, event.provider, event.org_path)
        case _, Absent():
            return route
        case TruckDeviceRegistered(), Planned():
            return replace(route, devices={**route.devices, event.device_id: event.public_key})
        case RouteDayTaken(), Planned():
            return replace(route, days={**route.days, event.date: event.stop_id})


@dataclass(frozen=True)
class PlanRoute:
    """A provider's truck travels for the campaign, in the reach of `org_path`."""

    route_id: str
    campaign: str
    truck: str
    provider: str
    org_path: str
    by: str


@dataclass(frozen=True)
class RegisterDevice:
    """A device of the truck, and the key that its check-ins are signed with."""

    route_id: str
    device_id: str
    public_key: str
    by: str


@dataclass(frozen=True)
class TakeDay:
    """The truck is to stand at a stop."""

    route_id: str
    stop_id: str
    date: str


RouteCommand: TypeAlias = PlanRoute | RegisterDevice | TakeDay


def _register(command: RegisterDevice, route: Planned) -> list[RouteEvent]:
    known = route.devices.get(command.device_id)
    if known == command.public_key:
        return []
    if known is not None:
        raise Rejected("device-differs", "This device has another key; register it under a new id.", "public_key")
    if len(route.devices) >= DEVICES_MAX:
        raise Rejected("devices-too-many", f"A truck has at most {DEVICES_MAX} devices.")
    return [
        TruckDeviceRegistered(
            route_id=command.route_id, device_id=command.device_id, public_key=command.public_key, by=command.by
        )
    ]


def _take(command: TakeDay, route: Planned) -> list[RouteEvent]:
    there = route.days.get(command.date)
    if there == command.stop_id:
        return []
    if there is not None:
        raise Rejected("truck-elsewhere", "The truck stands at another stop on that day.", "route_id")
    return [RouteDayTaken(route_id=command.route_id, stop_id=command.stop_id, date=command.date)]


def decide(command: RouteCommand, route: Route) -> list[RouteEvent]:
    """A truck stands at one place a day."""
    match command, route:
        case PlanRoute(), Absent():
            return [
                RoutePlanned(
                    route_id=command.route_id,
                    campaign=command.campaign,
                    truck=command.truck,
                    provider=command.provider,
                    org_path=command.org_path,
                    by=command.by,
                )
            ]
        case _, Absent():
            raise Rejected("route-unknown", "No such route.", "route_id")
        case PlanRoute(), Planned():
            if (command.provider, command.org_path) == (route.provider, route.org_path):
                return []
            raise Rejected("route-differs", "The truck has another route in this campaign.", "truck")
        case RegisterDevice(), Planned():
            return _register(command, route)
        case TakeDay(), Planned():
            return _take(command, route)


ROUTE = Decider[RouteCommand, Route, RouteEvent]("route", Absent(), evolve, decide)
