"""Everything that claims publishes."""

from contracts.claims import flags, heirs, matching, outreach, papers, process, relief, rules, tickets, v1
from contracts.envelope import Event, Upcaster

EVENTS: dict[str, type[Event]] = {
    **v1.EVENTS,
    **process.EVENTS,
    **relief.EVENTS,
    **heirs.EVENTS,
    **flags.EVENTS,
    **papers.EVENTS,
    **matching.EVENTS,
    **rules.EVENTS,
    **tickets.EVENTS,
    **outreach.EVENTS,
}
UPCASTERS: dict[str, Upcaster] = {
    **v1.UPCASTERS,
    **process.UPCASTERS,
    **relief.UPCASTERS,
    **heirs.UPCASTERS,
    **flags.UPCASTERS,
    **papers.UPCASTERS,
    **matching.UPCASTERS,
    **rules.UPCASTERS,
    **tickets.UPCASTERS,
    **outreach.UPCASTERS,
}
