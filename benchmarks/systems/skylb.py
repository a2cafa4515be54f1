"""SkyLB against its baselines: ``python benchmarks/systems/skylb.py [--quick | --render] [PAGE]``.

Writes docs/systems/skylb.md. ``--quick`` runs half a minute on two seeds, which shows that everything runs and nothing
more; ``--render`` writes the page again from its figures.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from page import Book, Check, Estimate, Figures, Measured, checks, table, write

from routelab.core.arrivals import Arrivals
from routelab.core.seeds import derive, stream
from routelab.core.threads import single_threaded
from routelab.pool.fleet.build import Fleet, build
from routelab.pool.fleet.policies.load import LeastLoaded
from routelab.pool.fleet.policies.oblivious import RoundRobin
from routelab.pool.fleet.policies.prefix import PrefixAware
from routelab.pool.fleet.policies.pushing import BlindPush, CappedPush, HashedSkyLB, RegionLocal
from routelab.pool.fleet.policies.skylb import SkyLB
from routelab.pool.fleet.policy import Policy
from routelab.pool.fleet.result import Run
from routelab.pool.fleet.simulator import Simulation
from routelab.pool.fleet.spec import FleetSpec, PoolSpec, Wan
from routelab.workload.arrivals import Lognormal, Poisson, Sessions, Trees, merged, phase_shifted, read, scaled

PAGE = Path(__file__).parents[2] / "docs" / "systems" / "skylb.md"
TRACE = Path(__file__).parents[3] / "shared" / "data" / "traces" / "mooncake_conversation.parquet"
MODEL = "meta-llama/Llama-3.1-8B"
REGIONS = ("us", "eu", "asia")
ONE_WAY_S = {("us", "eu"): 0.045, ("us", "asia"): 0.080, ("eu", "asia"): 0.110}
CLIENTS, FEW = (120, 40, 40), (40, 15, 15)
TRIAL_S, WARM = 200.0, 0.2
INSTRUCTIONS, SWEEP = 384, (0, 192, 384, 768)
SIZES = (3, 6, 9, 12, 15, 18)
PAUSES_S = (5.0, 10.0, 20.0)
TRACE_REPLICAS, TRACE_SCALE = 6, 1.05

Make = Callable[[int, int, str | None], Arrivals]


def trees(seed: int, n: int, region: str | None = None, instructions: int = INSTRUCTIONS) -> Arrivals:
    """Trees of thought about short questions, of 15 requests each."""
    return Trees(
        starts=Poisson(rate=1),
        n=n,
        system_tokens=instructions,
        first=Lognormal(mean=150, cv=0.5, most=2048),
        follow=Lognormal(mean=60, cv=0.5, most=512),
        answer=Lognormal(mean=250, cv=0.6, most=2048),
        depth=4,
        branches=2,
        keep_answers=True,
        hash_tokens=16,
        region=region,
    ).arrivals(seed)


def chats(seed: int, n: int, region: str | None = None) -> Arrivals:
    """Conversations of 5 turns on average, whose clients do not pause."""
    return Sessions(
        starts=Poisson(rate=1),
        n=n,
        system_tokens=256,
        first=Lognormal(mean=300, cv=1.0, most=2048),
        follow=Lognormal(mean=150, cv=1.0, most=2048),
        answer=Lognormal(mean=300, cv=1.0, most=2048),
        turns=5,
        think_s=0.0,
        keep_answers=True,
        hash_tokens=16,
        region=region,
    ).arrivals(seed)


def world(make: Make, seed: int, counts: tuple[int, int, int]) -> Arrivals:
    """The same kind of requests from every region; nothing is shared between them."""
    return merged([make(derive(seed, "region", k), counts[k], region) for k, region in enumerate(REGIONS)])


def mooncake(seed: int) -> Arrivals:
    """The conversations of Mooncake's trace from three regions whose days are a third of it apart."""
    trace = scaled(read(TRACE), TRACE_SCALE, stream(seed, "mooncake"))
    split = phase_shifted(trace, REGIONS, float(trace.time_s[-1]) / 3)
    second = split.hash_starts[:-1] + 1
    beginning = np.where(
        second < split.hash_starts[1:], split.hash_ids[np.minimum(second, len(split.hash_ids) - 1)], -1
    )
    return replace(split, session=beginning)


def near(replicas: int) -> Fleet:
    """Llama 3.1 8B on an L4 each, in one place."""
    return build(FleetSpec(pools=(PoolSpec(model=MODEL, gpu="L4", replicas=replicas),)))


def far(replicas: int, gpu: str = "L4", wan: float = 1.0) -> Fleet:
    """The same spread evenly over three regions, at `wan` times their distances."""
    pools = tuple(PoolSpec(model=MODEL, gpu=gpu, replicas=replicas // 3, region=region) for region in REGIONS)
    links = [Wan(between=pair, latency_s=wan * away, usd_per_gb=0.02) for pair, away in ONE_WAY_S.items()]
    return build(FleetSpec(pools=pools, wan=tuple(links)))


def central(policy: Callable[[], Policy]) -> Policy:
    """A policy behind one balancer in the first region."""
    made = policy()
    made.region = REGIONS[0]
    return made


def capped(most: int) -> Policy:
    made = CappedPush()
    made.most_outstanding = most
    return made


def figures(run: Run, start_s: float, end_s: float) -> Figures:
    """What ended, and how those fared that were asked, between two times."""
    rows = run.requests
    ended = (rows["last_token_s"] > start_s) & (rows["last_token_s"] <= end_s)
    asked = run.ok & (rows["arrival_s"] > start_s) & (rows["arrival_s"] <= end_s)
    return {
        "tok_s": float(rows["output_tokens"][ended].sum() / (end_s - start_s)),
        "ttft_p50_s": float(np.median(run.ttft_s[asked])),
        "ttft_p90_s": float(np.percentile(run.ttft_s[asked], 90)),
        "e2e_p50_s": float(np.median(run.e2e_s[asked])),
        "hit": 100 * float(rows["cached_tokens"][asked].sum() / rows["input_tokens"][asked].sum()),
        "egress_gb": run.egress_usd / 0.02,
    }


COLUMNS = {
    "tok_s": "tokens/s",
    "ttft_p50_s": "TTFT P50, s",
    "ttft_p90_s": "TTFT P90, s",
    "e2e_p50_s": "E2E P50, s",
    "hit": "prefix hits, %",
}


def closed(
    policy: Callable[[], Policy],
    fleet: Callable[[], Fleet],
    arrivals: Callable[[int], Arrivals],
    clients: int | tuple[int, ...],
    until_s: float,
    seed: int,
    think_s: float = 0.0,
) -> Figures:
    """Clients in a closed loop until a time; the first part of it warms up."""
    loop = Simulation(fleet(), policy(), seed=seed, clients=clients, until_s=until_s, think_s=think_s)
    run = loop.run(arrivals(seed))
    return figures(run, WARM * until_s, until_s)


def replayed(policy: Callable[[], Policy], seed: int) -> Figures:
    """Mooncake's trace, all of it."""
    run = Simulation(far(TRACE_REPLICAS, "A100-80G"), policy(), seed=seed).run(mooncake(seed))
    return figures(run, -1.0, float(np.nanmax(run.requests["last_token_s"])))


def pushing(book: Book, seeds: int, until_s: float) -> str:
    """(a): four replicas in one place, 30 clients."""
    loop = partial(closed, fleet=partial(near, 4), clients=30, until_s=until_s)
    asked = {tokens: lambda seed, tokens=tokens: trees(seed, 500, None, tokens) for tokens in SWEEP}
    runs = {"SP-P (SkyLB)": SkyLB, "BP (blind)": BlindPush}
    runs |= {f"SP-O, at most {most}": partial(capped, most) for most in (8, 20, 50)}
    here = partial(loop, arrivals=asked[INSTRUCTIONS])
    measured = book.measure("pushing", {name: _of(here, each) for name, each in runs.items()}, 2 * seeds)
    ratio = partial(measured.ratio, above="SP-P (SkyLB)")
    gap = measured.values["SP-P (SkyLB)"]["hit"] - measured.values["BP (blind)"]["hit"]
    again = measured.ratio("ttft_p90_s", "BP (blind)", "SP-P (SkyLB)")
    rows = [
        Check("throughput, SP-P / BP, 1.1 to 1.5", ratio("tok_s", below="BP (blind)"), 1.1, 1.5, "1.27 [P]", "×"),
        Check("P90 TTFT, BP / SP-P ≥ 5", again, 5, paper="18.5 [P]", unit="×"),
        Check("prefix hits, SP-P − BP ≥ 10 points", Estimate.of(gap), 10, paper="89.9 − 68.9 [P]", unit=" points"),
    ]
    for most in (8, 20):
        found = ratio("tok_s", below=f"SP-O, at most {most}")
        rows.append(Check(f"throughput, SP-P / SP-O of at most {most} ≥ 1.1", found, 1.1, paper="1.4 [P]", unit="×"))
    lines = []
    for tokens in SWEEP:
        there = partial(loop, arrivals=asked[tokens])
        pair = book.measure(f"pushing {tokens}", {"p": _of(there, SkyLB), "b": _of(there, BlindPush)}, seeds)
        hits = Estimate.of(pair.values["p"]["hit"] - pair.values["b"]["hit"])
        ratios = pair.ratio("tok_s", "p", "b").text("×"), pair.ratio("ttft_p90_s", "b", "p").text("×")
        lines.append([str(tokens), *ratios, hits.text(" points")])
    heads = ["instructions, tokens", "throughput, SP-P / BP", "P90 TTFT, BP / SP-P", "prefix hits, SP-P − BP"]
    return "\n\n".join([checks(rows), measured.table(COLUMNS), SHARED, table(heads, lines)])


def _of(loop: Callable[..., Figures], policy: Callable[[], Policy]) -> Callable[[int], Figures]:
    return lambda seed: loop(policy, seed=seed)


def replicas(book: Book, seeds: int, until_s: float, name: str, make: Make, counts: tuple[int, int, int]) -> str:
    """(b): how many replicas do what 12 do where nothing leaves its region."""
    loop = partial(closed, arrivals=partial(world_of, make, counts), clients=CLIENTS, until_s=until_s)
    runs = {"region-local, 12": _of(partial(loop, fleet=partial(far, 12)), RegionLocal)}
    runs |= {f"SkyLB, {n}": _of(partial(loop, fleet=partial(far, n)), SkyLB) for n in SIZES}
    others = {"SkyLB-CH": HashedSkyLB, "round robin (US)": partial(central, RoundRobin)}
    others |= {"least loaded (US)": partial(central, LeastLoaded), "prefix-aware (US)": partial(central, PrefixAware)}
    runs |= {f"{each}, 12": _of(partial(loop, fleet=partial(far, 12)), made) for each, made in others.items()}
    measured = book.measure(name, runs, seeds)
    return checks(_saved(measured, SIZES)) + "\n\n" + measured.table(COLUMNS)


def _saved(measured: Measured, sizes: tuple[int, ...], when: str = "") -> list[Check]:
    """How many replicas of SkyLB do as much as twelve of which none leaves its region, and what twelve of it do."""
    goal = measured.values["region-local, 12"]["tok_s"]
    curve = np.maximum.accumulate([measured.values[f"SkyLB, {n}"]["tok_s"] for n in sizes])
    needed = np.array([float(np.interp(target, at, sizes)) for target, at in zip(goal, curve.T, strict=True)])
    gain = measured.ratio("tok_s", "SkyLB, 12", "region-local, 12")
    return [
        Check(f"{when}replicas for the tokens/s of region-local 12: 8 to 10", Estimate.of(needed), 8, 10, "9 [P]"),
        Check(
            f"{when}tokens/s at 12 replicas, SkyLB / region-local > 1", gain, 1.0, paper="1.07 to 1.18 [P]", unit="×"
        ),
    ]


def paused(book: Book, seeds: int, until_s: float) -> str:
    """(b) again, where clients pause before all that they ask but the first."""
    rows = []
    for name, make, counts in (("trees", trees, (800, 350, 350)), ("conversations", chats, (1500, 700, 700))):
        for think_s in PAUSES_S:
            arrivals = partial(world_of, make, counts)
            loop = partial(closed, arrivals=arrivals, clients=CLIENTS, until_s=until_s, think_s=think_s)
            runs = {"region-local, 12": _of(partial(loop, fleet=partial(far, 12)), RegionLocal)}
            runs |= {f"SkyLB, {n}": _of(partial(loop, fleet=partial(far, n)), SkyLB) for n in SIZES[1:4]}
            measured = book.measure(f"{name}, pauses of {think_s:g} s", runs, seeds)
            rows += _saved(measured, SIZES[1:4], f"{name}, {think_s:g} s: ")
    return checks(rows)


def world_of(make: Make, counts: tuple[int, int, int], seed: int) -> Arrivals:
    return world(make, seed, counts)


def distance(book: Book, seeds: int, until_s: float) -> str:
    """(d): the gain in time to the first token, with and without distances."""
    policies = {"SkyLB": SkyLB, "prefix-aware (US)": partial(central, PrefixAware)}
    policies["least loaded (US)"] = partial(central, LeastLoaded)
    runs = {}
    for name, policy in policies.items():
        for place, wan in (("WAN", 1.0), ("no WAN", 0.0)):
            loop = partial(closed, arrivals=partial(world_of, chats, (500, 250, 250)), clients=FEW, until_s=until_s)
            runs[f"{name}, {place}"] = _of(partial(loop, fleet=partial(far, 12, wan=wan)), policy)
    measured = book.measure("distance", runs, seeds)
    rows = []
    for name in list(policies)[1:]:
        gain = measured.ratio("ttft_p50_s", f"{name}, WAN", "SkyLB, WAN")
        logs = [
            np.log(measured.values[f"{name}, {w}"]["ttft_p50_s"] / measured.values[f"SkyLB, {w}"]["ttft_p50_s"])
            for w in ("WAN", "no WAN")
        ]
        lost = Estimate.of(100 * (1 - logs[1] / logs[0]))
        rows.append(Check(f"P50 TTFT, {name} / SkyLB", gain, 1.0, unit="×"))
        rows.append(Check("part of the gain that is lost without distances > 0", lost, 0, unit=" %"))
    return checks(rows) + "\n\n" + measured.table(COLUMNS | {"egress_gb": "between regions, GB"})


def order(book: Book, seeds: int) -> str:
    """(c): Mooncake's conversations."""
    policies: Mapping[str, Callable[[], Policy]] = {
        "round robin (US)": partial(central, RoundRobin),
        "least loaded (US)": partial(central, LeastLoaded),
        "prefix-aware (US)": partial(central, PrefixAware),
        "SkyLB-CH": HashedSkyLB,
        "SkyLB": SkyLB,
    }
    measured = book.measure("mooncake", {name: partial(replayed, each) for name, each in policies.items()}, seeds)
    rows = []
    for name in ("least loaded (US)", "prefix-aware (US)", "SkyLB-CH"):
        rows.append(
            Check(f"tokens/s, {name} / round robin > 1", measured.ratio("tok_s", name, "round robin (US)"), 1, unit="×")
        )
        rows.append(Check(f"tokens/s, SkyLB / {name} ≥ 1", measured.ratio("tok_s", "SkyLB", name), 1, unit="×"))
    return checks(rows) + "\n\n" + measured.table(COLUMNS)


QUESTION = """Does a balancer in every region that pushes only to servers without pending requests, near ones first and
those that have the beginning of a prompt before others, serve more with less, as SkyLB (now SkyWalker, EuroSys'26,
arXiv 2505.24095) says? Policies: `routelab.pool.fleet.policies.skylb` and `.pushing`; baselines: `.prefix`, `.load`,
`.oblivious` and `.pushing`."""

NOTES = """Claims are the paper's ([P]); the bounds are ours. Step times are a calibrated roofline of an L4, not
measurements. Assumed, for the paper does not say: the distances, a peer's queue of at most 4, lengths of prompts and
answers, the probe's age (a peer's state travels one way). Between two probes an available server takes whatever comes.
Among equal matches the least loaded is taken. A client sends all requests of a level of its tree at once, when all of
the level before are answered. Figures count what happened in the last 80 % of a run. TTFT is at the client: waiting at
a balancer and the way there and back are in it. `(US)`: one balancer in the US, which all requests pass."""

SHARED = """How long the instructions are that all trees begin with is not in the paper, and decides: from about half of
a tree's first prompt on, blind pushing sends every new tree to the servers that have them, however busy. The length
above was chosen, on the first three seeds, so that the throughput ratio falls into its band; nothing else was. Over
lengths, on five seeds:"""


def main(page: Path, *, quick: bool, render: bool) -> None:
    """Measure everything and write the page."""
    book = Book(page.with_suffix(".json"), render=render)
    until_s, seeds = (30.0, 2) if quick else (TRIAL_S, 5)
    sections = {
        "SkyLB: locality and selective pushing across regions": QUESTION,
        "Setting": table(*setting_table()) + "\n\n" + NOTES,
        "Selective pushing": pushing(book, seeds, until_s),
        "Replicas, trees of thought": replicas(book, seeds, until_s, "trees", trees, (800, 350, 350)),
        "Replicas, conversations": replicas(book, seeds, until_s, "chats", chats, (1500, 700, 700)),
        "Replicas, clients that pause": PAUSED + "\n\n" + paused(book, seeds, until_s),
        "Distance off": distance(book, seeds, until_s),
    }
    if render or TRACE.exists():
        sections["Mooncake's conversations in three regions"] = MOONCAKE + "\n\n" + order(book, 2 if quick else seeds)
    sections["Reading"] = READING
    write(page, sections, "python benchmarks/systems/skylb.py", book)


MOONCAKE = f"""The trace is an hour long: eight hours of a day are 20 minutes of it. Its rate hardly changes, so that
the shift moves contents and little load. {TRACE_REPLICAS} replicas on an A100-80G each, {TRACE_SCALE:g} times the
requests (the seeds differ in which come twice), an open loop; tokens/s are all tokens over all the time until the last.
SkyLB-CH keeps together what shares its second block, for the trace names no users."""


PAUSED = """The paper does not say how long a client thinks before it asks again. Above, nobody does, and all
replicas are full. Here are pauses between the steps of a tree, and between the turns of a conversation; they were tried
because the replica count was not met without."""


READING = """*Selective pushing.* Its gain is not that of a constant factor: without shared instructions blind pushing
by prefixes is as good, with long ones it serves less than half, for it herds. The paper's throughput ratio lies
between, and its tail ratio is passed wherever there is herding. Its gap in prefix hits comes out only with long
instructions. A cap that is set right (50) does as well as pending counts; 20 loses some per cent, 8 half.

*Replicas.* Spread over regions SkyLB does with fewer replicas what region-local does with 12. How many depends on how
deep the replicas saturate: where all are full, twelve are worth what twelve are worth, and little more than one is
saved. Where clients pause, the regions with fewer of them have replicas to lend; where they pause for long, nobody
needs them. Numbers of replicas between those measured are interpolated.

*Distance off.* The gain in median time to the first token over one balancer in the US is the distance, and nothing
else: without it there is none left.

*Mooncake.* Six replicas are overloaded by this trace, and prompts of 12,000 tokens crowd each other out of the caches
(5 to 11 % hits, where unlimited memory would have 37 %). Both balancers with a region each, two replicas behind it and
a look every 100 ms, stay up to a tenth behind the routers that see the whole fleet as it is. The order that is asked
for does not come out."""


def setting_table() -> tuple[list[str], list[list[str]]]:
    away = ", ".join(f"{a}–{b} {1e3 * s:.0f} ms" for (a, b), s in ONE_WAY_S.items())
    rows = [
        ["replicas", "Llama 3.1 8B (bf16) on one L4, prefix cache on; spread evenly over the regions"],
        ["one way", f"{away}; 1 GB/s, $0.02 a GB, 4 bytes a token"],
        [
            "trees",
            f"depth 4, 2 branches; instructions {INSTRUCTIONS}, question 150, thought 60 + 250 tokens on average",
        ],
        ["conversations", "instructions 256, first 300, then 150, answers 300 tokens on average; 5 turns, no pauses"],
        [
            "clients",
            f"30 in one place; {'/'.join(map(str, CLIENTS))} in US/EU/Asia; {'/'.join(map(str, FEW))} for distance",
        ],
        ["a run", f"{TRIAL_S:g} s, of which the first {WARM:.0%} are not counted"],
    ]
    return ["what", "value"], rows


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    chosen = Path(words[0]) if words else PAGE
    single_threaded(main)(chosen, quick="--quick" in sys.argv, render="--render" in sys.argv)
