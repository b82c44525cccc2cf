"""Events of health-checkup: stops of the truck, invitations, bookings, examinations, findings."""

from __future__ import annotations

from contracts.envelope import Event, Sealed, Upcaster, Value


class Slot(Value, frozen=True, kw_only=True):
    """Half an hour at a stop: local start time `HH:MM` and how many can be seen (domain 8.2)."""

    slot_id: str
    starts_at: str
    capacity: int


class StopOpened(Event, frozen=True, kw_only=True):
    """The truck will stand at a place for a day (domain 8.2). Stream `stop-<id>`.

    Several days at one place are as many stops of one `visit_id`. `ends_at` is the end of the last slot, `HH:MM`;
    `rules` the version of the campaign's rules, "" for stops from before there were campaigns.
    """

    stop_id: str
    campaign: str
    org_path: str
    division_code: str
    place: str
    date: str
    package: str
    slots: tuple[Slot, ...]
    route_id: str = ""
    visit_id: str = ""
    ends_at: str = ""
    rules: str = ""


class MemberInvited(Event, frozen=True, kw_only=True):
    """A covered member is asked to come, and to answer until `answer_by` (RFC 3339 in UTC). Stream `stop-<id>`."""

    stop_id: str
    campaign: str
    person_id: str
    place: str
    date: str
    wave: int
    answer_by: str = ""


class SlotBooked(Event, frozen=True, kw_only=True):
    """A member took a seat of a slot; a later one of the same member replaces it. Stream `stop-<id>`.

    `ticket_id` is random and stands in the QR code of this booking alone; `waited` when the seat was given from the
    waiting list: then `place` and `date` are said as well.
    """

    stop_id: str
    campaign: str
    person_id: str
    slot_id: str
    starts_at: str
    ticket_id: str = ""
    waited: bool = False
    place: str = ""
    date: str = ""


class MemberAttended(Event, frozen=True, kw_only=True):
    """The member was checked in at the truck; `walk_in` without invitation and booking. Stream `stop-<id>`.

    `ticket_id` is the QR code that was shown, if any. `row_id`, `device_id` and `seen_at` (the device's time, RFC 3339)
    are of a check-in that was made without network and handed in later. `age` is in completed years on the day, as the
    ID card showed; None where nobody read it.
    """

    stop_id: str
    person_id: str
    campaign: str
    walk_in: bool
    ticket_id: str = ""
    row_id: str = ""
    device_id: str = ""
    seen_at: str = ""
    age: int | None = None


class ExamPlanned(Event, frozen=True, kw_only=True):
    """The member's one seat of the campaign is at this stop (domain 8.2). Stream `exam-<campaign>-<person>`."""

    exam_id: str
    person_id: str
    stop_id: str
    campaign: str


class ItemFlag(Value, frozen=True, kw_only=True):
    """An item of the package outside its reference range: `low` or `high`. No value is in it."""

    item: str
    flag: str


class ResultsRecorded(Event, frozen=True, kw_only=True):
    """The provider's results became part of the member's health record. Stream `exam-<campaign>-<person>`.

    `age` is in completed years on the day of the examination, None where only the year of birth is known.
    """

    exam_id: str
    person_id: str
    stop_id: str
    campaign: str
    package: str
    examined_on: str
    measurements: Sealed
    items: int
    abnormal: int
    age: int | None = None


class FindingRaised(Event, frozen=True, kw_only=True):
    """An important abnormal result of class A or B (domain 8.2); what it is stays sealed. Stream `finding-<exam>`.

    Of readings at self-service devices the id is `kiosk-<person>`, `exam_id` is "" and `org_path` the device's.
    """

    finding_id: str
    exam_id: str
    person_id: str
    finding_class: str
    detail: Sealed
    contact_by: str
    org_path: str = ""


class FindingDetail(Value, frozen=True, kw_only=True):
    """The plain shape behind `FindingRaised.detail`, category `health`: the items that crossed a limit."""

    flags: tuple[ItemFlag, ...]


class FollowUpNote(Value, frozen=True, kw_only=True):
    """The plain shape behind `FollowUpRecorded.note`, category `health`: what the doctor wrote."""

    text: str


class FollowUpRecorded(Event, frozen=True, kw_only=True):
    """A step of the follow-up: CONTACTED, REFERRED, CONFIRMED, EXCLUDED or LOST (domain 8.2). Stream `finding-…`.

    `due_by` is the last day for the step after it, an ISO date; "" after an end, and before later steps had a day.
    """

    finding_id: str
    person_id: str
    outcome: str
    note: Sealed | None
    due_by: str = ""


EVENTS: dict[str, type[Event]] = {
    "health_checkup.stop-opened.v1": StopOpened,
    "health_checkup.member-invited.v1": MemberInvited,
    "health_checkup.slot-booked.v1": SlotBooked,
    "health_checkup.member-attended.v1": MemberAttended,
    "health_checkup.exam-planned.v1": ExamPlanned,
    "health_checkup.results-recorded.v1": ResultsRecorded,
    "health_checkup.finding-raised.v1": FindingRaised,
    "health_checkup.follow-up-recorded.v1": FollowUpRecorded,
}
UPCASTERS: dict[str, Upcaster] = {}
