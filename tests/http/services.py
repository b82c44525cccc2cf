"""The five services, and who asks them."""

from __future__ import annotations

from claims.main import SERVICE as CLAIMS
from enrolment.main import SERVICE as ENROLMENT
from health_checkup.main import SERVICE as HEALTH_CHECKUP
from notify.main import SERVICE as NOTIFY
from payments.main import SERVICE as PAYMENTS

SERVICES = {service.name: service for service in (ENROLMENT, CLAIMS, PAYMENTS, NOTIFY, HEALTH_CHECKUP)}
ROLES = {
    "enrolment": ("office_head", "county_clerk", "member", "service", "sys_admin", "stranger"),
    "claims": (
        "unit_clerk",
        "county_clerk",
        "city_clerk",
        "office_reviewer",
        "office_rechecker",
        "office_head",
        "hotline_agent",
        "member",
        "service",
        "finance",
        "supervisor",
        "sys_admin",
        "stranger",
    ),
    "payments": ("finance", "member", "county_clerk", "sys_admin", "stranger"),
    "notify": ("office_head", "member", "unit_clerk", "sys_admin", "stranger"),
    "health_checkup": ("county_clerk", "health_provider", "health_kiosk", "member", "sys_admin", "stranger"),
}
"""Together they may ask everything; the stranger nothing."""
