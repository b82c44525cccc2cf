"""What notify can be asked, and what it needs to know of others."""

from chassis.projections import Projection
from notify.projections import claimant_contacts, contacts, deceased, messages

ALL: tuple[Projection, ...] = (
    messages.PROJECTION,
    contacts.PROJECTION,
    claimant_contacts.PROJECTION,
    deceased.PROJECTION,
)
