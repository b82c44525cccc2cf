"""What notify can be asked, and what it needs to know of others."""

from chassis.projections import Projection
from notify.projections import (
    approvals,
    claim_tasks,
    claimant_contacts,
    contacts,
    covers,
    deceased,
    messages,
    mobiles,
    notices,
    stops,
    wechat_bindings,
)

ALL: tuple[Projection, ...] = (
    messages.PROJECTION,
    approvals.PROJECTION,
    wechat_bindings.PROJECTION,
    mobiles.PROJECTION,
    notices.PROJECTION,
    contacts.PROJECTION,
    covers.PROJECTION,
    claimant_contacts.PROJECTION,
    claim_tasks.PROJECTION,
    deceased.PROJECTION,
    stops.PROJECTION,
)
