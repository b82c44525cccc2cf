"""Every knob of health-checkup."""

from __future__ import annotations

import msgspec


class Settings(msgspec.Struct, frozen=True):
    """Defaults of the programme (domain 8.2); the environment overrides them as HUZHU_<FIELD>."""

    wave_members_max: int = 500
    """So many invitations are decided at a time, whatever a stop's capacity."""
    documents: str = ".huzhu/documents"
    """The folder that keeps signed reports, sealed."""
    contact_class_a_days: int = 0
    """Days to reach a member of a class A finding by: 0 is the same day."""
    contact_class_b_days: int = 7
    referral_class_a_days: int = 1
    """Days from the call until the member is with a specialist, and from there until it is known what it was."""
    referral_class_b_days: int = 7
    outcome_class_a_days: int = 14
    outcome_class_b_days: int = 30
    lost_attempts_min: int = 3
    lost_span_days_min: int = 14
    """Given up as lost is who was tried so often over so many days."""
    report_within_days: int = 7
    report_keep_days: int = 3_653
    """Ten years, as the provider keeps its records."""
    report_bytes_max: int = 12 * 1024 * 1024
    small_cell: int = 5
    """Numbers of fewer people than this are not told to the union."""
    sheet_bytes_max: int = 4 * 1024 * 1024
    sheet_rows_max: int = 500
    sheet_unpacked_bytes_max: int = 32 * 1024 * 1024
    quiz_settle_minutes: int = 10
    """After a quiz's last day: what was entered before midnight is in the log by then."""
