"""A suite's datasheet: what it is for, where its items come from, what was checked, and what it cannot say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from routelab.core import Query
from routelab.workload.suites.composition import composition

if TYPE_CHECKING:
    from routelab.workload.suites.suite import Manifest


def datasheet(manifest: Manifest, queries: Sequence[Query]) -> str:
    """Markdown in the order of Gebru et al., Datasheets for Datasets (arXiv 1803.09010)."""
    made = composition(queries)
    return "\n".join(
        [
            f"# {manifest.name}",
            "",
            f"{manifest.items:,} items, hash `{manifest.hash}`.",
            *(f"- {note}" for note in manifest.notes),
            "",
            "## Composition",
            "",
            *_counts("Domains", made["domains"]),
            *_counts("Levels", made["levels"]),
            *_counts("Forms", made["forms"]),
            *_counts("Languages", made["languages"]),
            *_counts("What is asked for", made["asks"]),
            "",
            "## Where the items come from",
            "",
            *(f"- {source}: {count:,} items" for source, count in made["sources"].items()),
            "",
            "## What was checked",
            "",
            *([f"- {name}: {_said(found)}" for name, found in manifest.gates.items()] or ["- nothing"]),
            "",
            "## What it does not say",
            "",
            "Items marked `reasoning` ask for reasoning from what the prompt supplies, in the manner of their domain;",
            "they do not test knowledge of it. English prevails, most prompts are short, and generated ones sound it.",
            "",
            "## How the levels were set",
            "",
            "A level of a procedural item is a cell of parameters; that of an imported one follows from its features",
            "by the recipe's weights. Both were fixed before these items were drawn. Procedural cells were chosen",
            "after a pilot of one model, Qwen2.5-Coder-1.5B answering directly, on other draws: its accuracy by level",
            "is tuned. Whether levels hold elsewhere is tested on recorded outcomes (`routelab suite test`).",
            "",
        ]
    )


def _counts(title: str, counts: dict[str, int]) -> list[str]:
    return [f"{title}: " + ", ".join(f"{name} {count:,}" for name, count in counts.items()) + "."]


def _said(found: Any) -> str:
    if isinstance(found, dict):
        return ", ".join(f"{key} {value}" for key, value in found.items())
    return str(found)
