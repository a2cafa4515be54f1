"""Entries that look at the pool: the same estimates, other choices while arms are busy."""

from __future__ import annotations

import msgspec

from routelab.router.about import About
from routelab.router.catalogue.supervised import ridge
from routelab.router.pool_rules import Escalation, LatencyAware, SloFilter, SpillOver

_IS_NOT = "different from `ridge` where the pool's state is unknown"


def _about(source: str, deviation: str) -> About:
    return About(
        family="rule", source=source, fidelity="inspired", deviation=deviation, is_not=_IS_NOT, needs=("pool state",)
    )


latency_aware = msgspec.structs.replace(
    ridge,
    name="latency-aware",
    description="ridge, and a second of expected latency costs a point of quality",
    about=_about("vLLM Semantic Router, latency-aware selection", "recent latencies and queues, no percentile targets"),
    load=LatencyAware(),
)

slo_filter = msgspec.structs.replace(
    ridge,
    name="slo-filter",
    description="ridge among the arms that would answer within the limit",
    about=_about("vLLM Semantic Router, multi-factor selection", "one limit of seconds to the whole answer"),
    load=SloFilter(),
)

spill_over = msgspec.structs.replace(
    ridge,
    name="spill-over",
    description="ridge; an arm with a queue passes queries on to the next best",
    about=_about("vLLM Semantic Router's fleet-sim, spillover", "by waiting requests, not by slots"),
    load=SpillOver(),
)

pool_escalation = msgspec.structs.replace(
    ridge,
    name="pool-escalation",
    description="ridge; best quality while the pool is idle, cheaper as it fills",
    about=_about("WRP, pool-aware escalation", "the dial moves with the share of arms that have a queue"),
    load=Escalation(),
)
