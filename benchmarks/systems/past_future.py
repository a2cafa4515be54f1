"""Past-Future against rules that predict nothing: ``python benchmarks/systems/past_future.py [--quick | --render]``.

Writes docs/systems/past-future.md. ``--quick`` runs a few requests on one seed, which shows that everything runs and
nothing more; ``--render`` writes the page again from its figures.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from page import Book, Check, Estimate, Figures, Measured, checks, table, write
from watch import Stalls

from routelab.core.arrivals import Arrivals
from routelab.core.seeds import stream
from routelab.core.threads import single_threaded
from routelab.pool.fleet.build import build
from routelab.pool.fleet.policies.load import LeastLoaded
from routelab.pool.fleet.policies.past_future import Conservative, OraclePastFuture, PastFuture
from routelab.pool.fleet.policy import Policy
from routelab.pool.fleet.simulator import Simulation
from routelab.pool.fleet.spec import FleetSpec, PoolSpec
from routelab.workload.arrivals.lengths import Lognormal, Separate, Uniform

PAGE = Path(__file__).parents[2] / "docs" / "systems" / "past-future.md"
STILL_S = 1.5
TTFT_LIMITS_S = (5, 10, 20, 30, 60, np.inf)


class Setting(NamedTuple):
    """Lengths, clients of the closed loop, the memory, and the longest answer that requests ask for."""

    lengths: Separate
    clients: int
    requests: int
    max_new: int
    kv_tokens: int | None = None
    batching: str = "prefill-first"


LONG = Setting(
    Separate(input=Uniform(least=32, most=4096), output=Uniform(least=2048, most=4096)), 40, 300, max_new=4096
)
DECODES = Setting(
    Separate(input=Uniform(least=32, most=1024), output=Lognormal(mean=1200, cv=0.8, most=4096)),
    120,
    1500,
    max_new=4096,
)
CHAT = Setting(
    Separate(input=Lognormal(mean=1155, cv=0.96, most=8192), output=Lognormal(mean=211, cv=0.77, most=2048)),
    60,
    1500,
    max_new=2048,
    kv_tokens=30_000,
)
WORKLOADS = {
    "Many decodes": (DECODES, "prompts of 32 to 1,024 tokens, answers lognormal of mean 1,200 and variation 0.8"),
    "Long answers": (LONG, "prompts of 32 to 4,096 tokens, answers of 2,048 to 4,096, evenly"),
    "Chat in little memory": (CHAT, "lognormal with the means and variations of Azure's conversations of 2023"),
}
LOADS = (60, 180)


class WithoutPast(PastFuture):
    """The control: nothing is learned from answers, which leaves what the history begins with."""

    def on_finish(self, ended: object, fleet: object) -> None:
        pass


SYSTEMS: dict[str, Callable[[int], Policy]] = {
    "aggressive": lambda _: LeastLoaded(),
    "conservative": Conservative,
    "Past-Future": PastFuture,
    "Past-Future, no past": WithoutPast,
    "oracle": OraclePastFuture,
}
COLUMNS = {
    "evictions": "evictions",
    "throughput": "requests/s",
    "ttft_p50_s": "TTFT P50, s",
    "still_p99_s": "longest stand-still P99, s",
    "good_10": "goodput, TTFT ≤ 10 s",
    "good_inf": "goodput, any TTFT",
}


def run(policy: Callable[[int], Policy], setting: Setting, seed: int) -> Figures:
    """The figures of one run; rates over the middle of it, from 15 % to 85 % of the ends."""
    pool = PoolSpec(
        model="meta-llama/Llama-2-7b-hf",
        gpu="A100-80G",
        kv_tokens=setting.kv_tokens,
        batching=setting.batching,  # type: ignore[arg-type]
        max_batch_tokens=16_384 if setting.batching == "prefill-first" else 2048,
        watermark=0.01,
        prefix_cache=False,
    )
    simulation = Simulation(
        build(FleetSpec(pools=(pool,))), policy(setting.max_new), seed=seed, clients=setting.clients
    )
    stalls = Stalls(simulation, 0.25)
    lengths = setting.lengths.pairs(stream(seed, "past-future"), setting.requests)
    result = simulation.run(Arrivals(np.zeros(setting.requests), *lengths))
    ends = result.requests["last_token_s"]
    begin, end = np.quantile(ends, [0.15, 0.85])
    middle = (ends > begin) & (ends <= end)
    still = stalls.longest(result.requests["id"])
    smooth = middle & result.ok & (still <= STILL_S)
    rates = {f"good_{limit:g}": (smooth & (result.ttft_s <= limit)).sum() / (end - begin) for limit in TTFT_LIMITS_S}
    return {
        "evictions": float(result.requests["preemptions"].sum()),
        "throughput": float(middle.sum() / (end - begin)),
        "ttft_p50_s": float(np.median(result.ttft_s[middle])),
        "still_p99_s": float(np.percentile(still, 99)),
        **{name: float(rate) for name, rate in rates.items()},
    }


def runs(systems: Mapping[str, Callable[[int], Policy]], setting: Setting) -> dict[str, Callable[[int], Figures]]:
    return {name: partial(run, each, setting) for name, each in systems.items()}


def verdicts(measured: Measured) -> str:
    """Acceptance of one workload."""
    of = partial(measured.ratio, "throughput", "Past-Future")
    rows = [
        Check(
            "evictions ≤ 5 % of aggressive",
            measured.share("evictions", "Past-Future", "aggressive").map(lambda share: 100 * share),
            high=5,
            unit=" %",
        ),
        Check("throughput ≥ 0.97 × oracle", of("oracle"), 0.97, unit="×"),
        Check("throughput ≥ 1.2 × conservative", of("conservative"), 1.2, unit="×"),
        Check("no past loses ≥ half of that gain", lost(measured), 50, unit=" %"),
        Check(
            f"goodput, TTFT ≤ 10 s, no token later than {STILL_S} s: ≥ aggressive",
            flip(measured, "good_10"),
            1,
            paper="2 to 3 [A]",
            unit="×",
        ),
        Check("the same with any TTFT: ≥ aggressive", flip(measured, "good_inf"), 1, unit="×"),
    ]
    return checks(rows)


def lost(measured: Measured) -> Estimate:
    return measured.gain_lost("throughput", "conservative", "Past-Future", "Past-Future, no past")


def flip(measured: Measured, figure: str) -> Estimate:
    return measured.share(figure, "Past-Future", "aggressive")


def sweep(measured: Mapping[int, Measured]) -> str:
    """Goodput of Past-Future over that of aggressive, by clients and by the limit of the TTFT."""
    head = ["clients", *(f"TTFT ≤ {limit:g} s" if np.isfinite(limit) else "any TTFT" for limit in TTFT_LIMITS_S)]
    rows = [
        [str(clients), *(flip(each, f"good_{limit:g}").text("×") for limit in TTFT_LIMITS_S)]
        for clients, each in sorted(measured.items())
    ]
    return table(head, rows)


QUESTION = """Does admitting by the predicted peak of memory avoid evictions without losing throughput, as Past-Future
(LightLLM, ASPLOS'25, arXiv 2507.10150) says, and when is it worth having? Policies:
`routelab.pool.fleet.policies.past_future`; *aggressive* is the engine's own rule."""

NOTES = """LLaMA-7B on one A100 80 GB with room for 115,072 tokens (30,000 in the third workload), a closed loop,
prefill first as engines then, 1 % of blocks kept free, no prefix reuse after an eviction. The rules are those of the
released code ([C]); of the paper only the abstract was at hand ([A]). Ours: step times are a calibrated roofline;
the lengths of the first two workloads. A stand-still is the longest time without a new token after the first, looked at
every 0.25 s, which is what the paper's limit on the slowest token is about. Rates are over the middle of a run. *No
past* is Past-Future that learns nothing from ended answers. Ratios of counts and goodputs are those of sums over seeds,
with a jackknife's interval."""

READING = """- Evictions all but vanish and throughput is the oracle's, on every workload: that claim holds.
- The gain over conservative admission is what answers fall short of the longest that may be asked for. Answers of 2,048
  to 4,096 tokens reserve 4,096 and waste a quarter, a few per cent of throughput: the bound of 1.2 × is missed there.
  Without a past nothing is left of the gain anywhere.
- Throughput is that of aggressive admission, within a few per cent either way. An eviction costs a prompt computed
  again, which is cheap beside hundreds of decodes; what it hurts is the one who is evicted.
- Goodput therefore follows which limit binds. Where only stand-still counts, Past-Future wins by 1.3 to 1.7 × as soon
  as evictions are frequent. Where the time to the first token binds, it loses: aggressive admission starts requests
  sooner, and in a closed loop with more clients than fit somebody waits. The table shows where it flips; with 60
  clients nothing is evicted and the rules agree. We did not find the paper's 2 to 3 × under a limit of 10 s.
- In the third workload evictions last less than 1.5 s, and so nothing is won by avoiding them."""


def main(page: Path, *, quick: bool, render: bool) -> None:
    """Measure everything and write the page."""
    book = Book(page.with_suffix(".json"), render=render)
    seeds = 1 if quick else 5
    sections = {"Past-Future: admission by the predicted peak": QUESTION, "Setting": NOTES}
    by_clients: dict[int, Measured] = {}
    for name, (setting, lengths) in WORKLOADS.items():
        setting = setting._replace(requests=24) if quick else setting
        measured = book.measure(name, runs(SYSTEMS, setting), seeds)
        lead = f"{setting.clients} clients; {lengths}."
        sections[name] = f"{lead}\n\n{verdicts(measured)}\n\n{measured.table(COLUMNS)}"
        if setting.lengths is DECODES.lengths:
            by_clients[setting.clients] = measured
    two = {name: SYSTEMS[name] for name in ("aggressive", "Past-Future")}
    for clients in LOADS:
        setting = DECODES._replace(clients=clients, requests=24 if quick else DECODES.requests)
        by_clients[clients] = book.measure(f"{clients} clients", runs(two, setting), seeds)
    lead = f"Goodput of Past-Future over aggressive, many decodes; no token later than {STILL_S} s everywhere."
    sections["Where goodput flips"] = f"{lead}\n\n{sweep(by_clients)}"
    sections["Reading"] = READING
    write(page, sections, "python benchmarks/systems/past_future.py", book)


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    chosen = Path(words[0]) if words else PAGE
    single_threaded(main)(chosen, quick="--quick" in sys.argv, render="--render" in sys.argv)
