"""Quiet hours: 21:00 to 8:00 in Asia/Shanghai, both ends exact."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify.domain.quiet_hours import QuietHours

SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("moment", "release"),
    [
        ("2022-07-15T12:00", "2022-07-15T12:00"),
        ("2022-07-15T08:00", "2022-07-15T08:00"),
        ("2022-07-15T07:59", "2022-07-15T08:00"),
        ("2022-07-15T20:59", "2022-07-15T20:59"),
        ("2022-07-15T21:00", "2022-07-16T08:00"),
        ("2022-07-16T00:00", "2022-07-16T08:00"),
        ("2022-12-31T23:59", "2023-01-01T08:00"),
    ],
)
def test_a_notice_goes_at_once_by_day_and_at_eight_after_a_night(moment: str, release: str) -> None:
    assert QuietHours().release(at(moment)) == at(release)


@given(moment=st.datetimes(timezones=st.just(UTC)), starts=st.integers(0, 23), ends=st.integers(0, 23))
def test_no_release_lies_in_quiet_hours_or_a_day_away(moment: datetime, starts: int, ends: int) -> None:
    if not 2 <= moment.year <= 9998:
        return
    quiet = QuietHours(starts, ends)
    release = quiet.release(moment)
    assert not quiet.covers(release)
    assert 0 <= (release - moment).total_seconds() <= 24 * 3600
