"""The occupations of workers in new forms of employment (domain 5.5); which of them a plan covers is plan data."""

from __future__ import annotations

OCCUPATIONS = {
    "TRUCK_DRIVER": ("货车司机",),
    "RIDE_HAILING": ("网约车司机",),
    "COURIER": ("快递员",),
    "DELIVERY_RIDER": ("外卖配送员", "网约配送员"),
    "CARE_WORKER": ("护工护理员",),
    "DOMESTIC_WORKER": ("家政服务员",),
    "MALL_PROMOTER": ("商场信息员",),
    "ESTATE_AGENT": ("房产中介员",),
    "SECURITY_GUARD": ("保安员",),
    "OTHER_NEF": ("其他新就业形态",),
}
"""Code to the Chinese names it goes by; the first is the one shown."""

BY_NAME = {name: code for code, names in OCCUPATIONS.items() for name in (code, *names)}
