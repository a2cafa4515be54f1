"""Who serves: Prism in its variants, what it is compared with, and Prism without its mechanisms."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from prism_fleet import Limits

from routelab.pool.fleet.control import Control
from routelab.pool.fleet.policies.placed import MuxServeLike, Placed, ServerlessLike, StaticPartition
from routelab.pool.fleet.policies.prism import Job, PrismCode, PrismPaper

System = Callable[[Mapping[str, float], Limits], Placed]


class Resulting(PrismPaper):
    """Where the KVPR is least with the model, as the paper's prose says."""

    resulting = True


class NoMigration(PrismPaper):
    """Models come and go, and do not move."""

    def rebalance(self, fleet: Control) -> None:
        pass


class NoEviction(PrismPaper):
    """Models move, and never leave."""

    def evict(self, device: int, fleet: Control, idle_s: float = 0.0) -> bool:
        return False


class FirstCome(PrismPaper):
    """The queue of a device in the order of arrival."""

    def line_up(self, jobs: list[Job], now: float) -> list[Job]:
        return sorted(jobs, key=lambda job: job[1].id)


class AllOff(NoMigration, NoEviction, FirstCome):
    """None of it, and memory for keys is fixed."""

    def begin(self, fleet: Control) -> None:
        self.partition(fleet)
        super().begin(fleet)


def told(policy: type[PrismPaper]) -> System:
    return lambda expected, limit: policy(expected, ttft_s=limit.ttft_s, tpot_s=limit.tpot_s)


SYSTEMS: dict[str, System] = {
    "static partition": lambda expected, limit: StaticPartition(expected),
    "MuxServe-like": lambda expected, limit: MuxServeLike(expected),
    "ServerlessLLM-like": lambda expected, limit: ServerlessLike(expected),
    "Prism": told(PrismPaper),
    "Prism, resulting KVPR": told(Resulting),
    "Prism as released": lambda expected, limit: PrismCode(expected, ttft_s=limit.ttft_s),
}
CONTROLS: dict[str, System] = {
    "Prism, no migration": told(NoMigration),
    "Prism, no eviction": told(NoEviction),
    "Prism, first come": told(FirstCome),
    "Prism, all off": told(AllOff),
}
