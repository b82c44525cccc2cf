"""Every knob of health-checkup."""

from __future__ import annotations

import msgspec


class Settings(msgspec.Struct, frozen=True):
    """Defaults of the programme (domain 8.2); the environment overrides them as HUZHU_<FIELD>."""

    slot_minutes: int = 30
    priority_occupations: str = "TRUCK_DRIVER,RIDE_HAILING"
    priority_age: int = 45
    wave_members_max: int = 500
    """So many invitations are decided at a time, whatever a stop's capacity."""
