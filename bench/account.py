"""What a tailing reader missed, saw out of order or saw twice."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.load import worker_and_number


@dataclass(frozen=True)
class Account:
    """The reader's balance. A run with `missed` or `reordered` above zero is void."""

    missed: int
    reordered: int
    repeated: int

    @property
    def void(self) -> bool:
        """Tell whether a consumer of this feed would have gone wrong."""
        return self.missed > 0 or self.reordered > 0


def balance(delivered: Iterable[tuple[str, int]], acknowledged: Sequence[int]) -> Account:
    """Compare what was delivered, as (stream, position) in order of delivery, with what was acknowledged.

    Reordered: a first delivery at a lower position than an earlier one, or after a later event of the same
    worker, who had waited for this one to be acknowledged before it wrote the next.
    """
    seen: set[tuple[int, int]] = set()
    latest_of_worker: dict[int, int] = {}
    highest = -1
    reordered = repeated = 0
    for stream, position in delivered:
        worker, number = key = worker_and_number(stream)
        if key in seen:
            repeated += 1
            continue
        seen.add(key)
        if position < highest or number < latest_of_worker.get(worker, -1):
            reordered += 1
        highest = max(highest, position)
        latest_of_worker[worker] = max(number, latest_of_worker.get(worker, -1))
    expected = sum(acknowledged)
    arrived = sum(1 for worker, number in seen if worker < len(acknowledged) and number < acknowledged[worker])
    return Account(missed=expected - arrived, reordered=reordered, repeated=repeated)
