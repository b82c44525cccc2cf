"""Which papers a benefit needs (domain 4.1), as data of the plan; matched claims bring theirs with the settlement."""

from __future__ import annotations

from collections.abc import Iterable

from contracts.claims.v1 import Incident
from contracts.envelope import Value

TRAFFIC, WORK, OUT_OF_AREA, DEATH = "TRAFFIC", "WORK", "OUT_OF_AREA", "DEATH"
CIRCUMSTANCES = (TRAFFIC, WORK, OUT_OF_AREA, DEATH)


class RequiredPapers(Value, frozen=True, kw_only=True):
    """Papers by their kinds: `base` for every claim, by benefit, by circumstance (TRAFFIC, WORK, OUT_OF_AREA, DEATH).

    `names` are the sentences in Chinese that a member reads. At or above `originals_from_fen` the kinds of
    `originals` are handed in on paper too (0: never); channels of `matched` need `matched_papers` alone.
    A circumstance adds its papers to the benefits that `circumstances` names for it.
    """

    names: dict[str, str]
    base: tuple[str, ...]
    benefits: dict[str, tuple[str, ...]]
    circumstances: dict[str, dict[str, tuple[str, ...]]]
    originals_from_fen: int
    originals: tuple[str, ...]
    matched: tuple[str, ...]
    matched_papers: tuple[str, ...]


class Paper(Value, frozen=True, kw_only=True):
    """One paper of a list: its kind, its sentence in Chinese, whether the original is wanted on paper."""

    kind: str
    name: str
    original: bool


def papers_for(
    rules: RequiredPapers, benefits: Iterable[str], circumstances: Iterable[str], *, channel: str, total_fen: int
) -> tuple[Paper, ...]:
    """The papers of these benefits under these circumstances, each once, in the order of the plan."""
    if channel in rules.matched:
        return tuple(_paper(rules, kind, original=False) for kind in rules.matched_papers)
    kinds = list(rules.base)
    here = set(circumstances)
    for benefit in benefits:
        kinds += rules.benefits.get(benefit, ())
        for name, extra in rules.circumstances.items():
            if name in here:
                kinds += extra.get(benefit, ())
    wanted = rules.originals if rules.originals_from_fen and total_fen >= rules.originals_from_fen else ()
    kinds += wanted
    return tuple(_paper(rules, kind, original=kind in wanted) for kind in dict.fromkeys(kinds))


def circumstances_of(incident: Incident, *, traffic: bool, out_of_area: bool) -> tuple[str, ...]:
    """What of the incident adds papers."""
    held = {TRAFFIC: traffic, WORK: incident.at_work, OUT_OF_AREA: out_of_area, DEATH: bool(incident.died_on)}
    return tuple(name for name in CIRCUMSTANCES if held[name])


def _paper(rules: RequiredPapers, kind: str, *, original: bool) -> Paper:
    return Paper(kind=kind, name=rules.names[kind], original=original)
