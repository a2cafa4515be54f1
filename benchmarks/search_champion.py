"""Which recipe is best overall? Candidates on the tuning third of every table; claims are made on the rest.

    python benchmarks/search_champion.py OUTPUT TABLE...

Prints, for tasks seen and unseen in training, every candidate's mean gain over best single, its area under the
quality–cost curve, and how many other candidates lie significantly above it somewhere, and writes ``compare.json`` to
OUTPUT. Resumable.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from routelab.arena.compare import Design, compare
from routelab.core.files import write_text
from routelab.data import default_table
from routelab.encode import AsIs, HashedNgrams, Standardise, StaticEmbedding, TextSignals, TfidfSvd
from routelab.outcomes.importers import open_table
from routelab.router.compose import Recipe, View
from routelab.router.estimators import Bilinear, Forest, GroupMean, Kernel, LocalMean, Logistic, Ridge, Stack
from routelab.router.guards import PairedError

LEXICAL, DENSE, SIGNALS, ALL = 0, 1, 2, -1
MEMBERS = {
    "stack": ((Ridge(), LEXICAL), (Ridge(), ALL), (LocalMean(k=60), LEXICAL), (LocalMean(k=60), DENSE),
              (GroupMean(clusters=24), DENSE), (Forest(), SIGNALS)),
    "no-forest": ((Ridge(), LEXICAL), (Ridge(), ALL), (LocalMean(k=60), LEXICAL), (LocalMean(k=60), DENSE),
                  (GroupMean(clusters=24), DENSE)),
    "ridge-knn": ((Ridge(), ALL), (LocalMean(k=60), DENSE)),
    "kernels": ((Ridge(), ALL), (Kernel(), LEXICAL), (Kernel(), DENSE), (LocalMean(k=60), DENSE),
                (GroupMean(clusters=24), DENSE), (Forest(), SIGNALS)),
    "forests": ((Ridge(), ALL), (LocalMean(k=60), DENSE), (GroupMean(clusters=24), DENSE), (Forest(), SIGNALS),
                (Forest(), LEXICAL)),
    "latent": ((Ridge(), ALL), (Logistic(), LEXICAL), (Bilinear(loss="irt"), DENSE), (LocalMean(k=60), DENSE),
               (GroupMean(clusters=24), DENSE), (Forest(), SIGNALS)),
}  # fmt: skip
WITHOUT_DENSE = (
    (Ridge(), 0), (Ridge(), ALL), (LocalMean(k=60), 0), (GroupMean(clusters=24), 0), (Forest(), 1),
)  # fmt: skip
DOUBTS = (0.0, 0.5, 1.0)


def candidates() -> list[Recipe]:
    """Every set of members under every guard."""
    signals, dense = View(TextSignals(), Standardise()), View(StaticEmbedding(), AsIs())
    found = [(name, members, (dense, signals)) for name, members in MEMBERS.items()]
    found += [("lexical", WITHOUT_DENSE, (signals,))]
    return [
        Recipe(
            name=f"{name}-z{doubt:g}",
            encoder=HashedNgrams(),
            reduction=TfidfSvd(),
            also=also,
            estimator=Stack(members=tuple(m for m, _ in members), views=tuple(v for _, v in members)),
            guards=(PairedError(z=doubt),) if doubt else (),
        )
        for name, members, also in found
        for doubt in DOUBTS
    ]


def main(output: Path, paths: list[str]) -> None:
    names = []
    for recipe in candidates():
        place = output / "recipes" / f"{recipe.name}.yaml"
        write_text(place, msgspec.json.encode(recipe).decode())
        names.append(str(place))
    others = ("ridge", "logistic", "knn-dense", "clusters", "forest-signals", "mirt")
    design = Design(
        (*names, *others),
        protocols=("cross-fit", "leave-task-out"),
        part="tuning",
        most_queries=2000,
        repeats=1,
        draws=400,
        choose_dials=False,
    )
    tables = [default_table(), *(open_table(path) for path in paths)]
    found = compare(tables, design, output, progress=lambda done, all, what: print(done, all, what, file=sys.stderr))
    write_text(output / "compare.json", msgspec.json.encode(found).decode())
    for protocol, seen in found["protocols"].items():
        print(protocol)
        show(seen)


def show(found: dict) -> None:
    tables = [table["name"] for table in found["tables"]]
    print(f"{'':16}{'gain':>7}{'aiq':>7}  " + "".join(f"{table[:12]:>13}" for table in tables) + "  how many above it")
    for row in sorted(found["routers"], key=lambda row: -(row["overall"]["delta_vs_best_single"]["value"] or 0)):
        of = row["by_table"]
        gains = [of.get(table, {}).get("delta_vs_best_single") for table in tables]
        above = {table[:6]: len(of[table]["below_others"]["routers"]) for table in of if of[table].get("below_others")}
        means = [100 * (row["overall"][key]["value"] or 0) for key in ("delta_vs_best_single", "aiq")]
        print(f"{row['name']:16}{means[0]:7.2f}{means[1]:7.2f}  "
              + "".join(f"{100 * gain['value']:+13.2f}" if gain else f"{'':13}" for gain in gains), above)  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
