"""What RouterArena publishes, read from a checkout of its site or from the same data as Parquet.

Every file but the leaderboard is optional. Names differ from file to file; ``leaderboard_manifest.yaml`` says which
belong together, and without it names are compared without case, punctuation and the word "router". Computes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import msgspec
import polars as pl

from routelab.core.config import convert, load_yaml
from routelab.core.errors import InputError, shorten
from routelab.core.files import file_digest, usable

LABELS = "flip_labels_"
Percent = Annotated[float, msgspec.Meta(ge=0, le=100)]
Dollars = Annotated[float, msgspec.Meta(ge=0)]


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the leaderboard as it is published, in percent and dollars; None where it says nothing."""

    name: str = msgspec.field(name="Router Name")
    arena_score: Percent = msgspec.field(name="Arena Score")
    accuracy: Percent = msgspec.field(name="Accuracy")
    cost_per_1k_usd: Dollars = msgspec.field(name="Cost per 1k")
    selection: Percent | None = msgspec.field(name="Optimal Selection Score", default=None)
    cost: Percent | None = msgspec.field(name="Optimal Cost Score", default=None)
    optimal_accuracy: Percent | None = msgspec.field(name="Optimal Acc. Score", default=None)
    robustness: Percent | None = msgspec.field(name="Robustness Score", default=None)


@dataclass(frozen=True)
class Site:
    """All that was found.

    Attributes:
        domains: of a router each domain's accuracy (percent) and cost per query (dollars).
        flips: of a router how many reworded prompts changed its choice, of how many.
        about: of a router what the site says of it: affiliation, githubUrl, type, description.
    """

    rows: list[Published]
    hash: str
    domains: dict[str, dict[str, tuple[float, float]]] = field(default_factory=dict)
    flips: dict[str, tuple[int, int]] = field(default_factory=dict)
    about: dict[str, dict[str, Any]] = field(default_factory=dict)
    aliases: dict[str, list[str]] = field(default_factory=dict)

    def of(self, found: dict[str, Any], name: str) -> Any:
        """What ``found`` holds of a router under any of its names, or None."""
        names = [*self.aliases.get(name, ()), name]
        return next((found[key] for key in map(key_of, names) if key in found), None)


def read_site(path: Path) -> Site:
    """Read the leaderboard at ``path`` and what lies beside it, or anywhere below where it is a folder.

    Raises InputError for what is none.
    """
    with usable(path, "a file or a folder"):
        files = sorted(path.rglob("*") if path.is_dir() else path.parent.glob("*"))
    leaderboard = _one(files, "leaderboard.json", "leaderboard.parquet") if path.is_dir() else path
    if leaderboard is None:
        raise InputError(
            str(path),
            expected="leaderboard.json or leaderboard.parquet of RouterArena",
            got="neither",
            fix="name the file, or a folder that holds it",
        )
    rows = convert(_load(leaderboard), list[Published], str(leaderboard))
    manifest, about = _one(files, "leaderboard_manifest.yaml"), _one(files, "routers.json")
    with _own_layout(path):
        return Site(
            rows,
            file_digest(leaderboard)[:16],
            _domains(_one(files, "category_scores.json", "category_scores.parquet")),
            _flips(_one(files, "decisions.parquet"), [path for path in files if path.name.startswith(LABELS)]),
            {key_of(name): said for name, said in _load(about).items()} if about else {},
            _aliases(load_yaml(manifest)) if manifest else {},
        )


def key_of(name: str) -> str:
    """A name as it is compared.

    >>> key_of("AgentForge Router") == key_of("agentforge-router")
    True
    """
    return re.sub(r"[^a-z0-9]|router", "", name.casefold()) or name.casefold()


@contextmanager
def _own_layout(path: Path) -> Iterator[None]:
    """A file beside the leaderboard that is laid out in another way, as an InputError."""
    try:
        yield
    except (KeyError, TypeError, AttributeError, pl.exceptions.PolarsError) as error:
        raise InputError(
            f"{path}, beside the leaderboard",
            expected="RouterArena's own layout",
            got=f"{type(error).__name__}: {shorten(str(error))}",
            fix="fetch the file again, or name the leaderboard's file in a folder of its own",
        ) from None


def _one(files: list[Path], *names: str) -> Path | None:
    found = [path for path in files if path.name in names]
    if len(found) > 1:
        got = " and ".join(map(str, found[:2]))
        raise InputError(names[0], expected="one", got=got, fix="name a folder that holds one of them")
    return found[0] if found else None


def _load(path: Path) -> Any:
    with usable(path, "a file that can be read"):
        try:
            return (
                pl.read_parquet(path).to_dicts()
                if path.suffix == ".parquet"
                else msgspec.json.decode(path.read_bytes())
            )
        except (pl.exceptions.PolarsError, msgspec.DecodeError) as error:
            got = str(error).partition("\n")[0]
            raise InputError(str(path), expected="JSON or Parquet", got=got, fix="fetch it again") from None


def _domains(path: Path | None) -> dict[str, dict[str, tuple[float, float]]]:
    if path is None:
        return {}
    found: dict[str, dict[str, tuple[float, float]]] = {}
    rows = _of_table(path) if path.suffix == ".parquet" else _of_site(path)
    for router, domain, accuracy, cost in rows:
        found.setdefault(key_of(router), {})[domain] = (accuracy, cost)
    return found


def _of_table(path: Path) -> Iterator[tuple[str, str, float, float]]:
    for row in _load(path):
        if row["domain"] and not row["category"] and row["difficulty"] == "all":
            yield row["router"], row["domain"], row["accuracy"], row["cost_per_query"]


def _of_site(path: Path) -> Iterator[tuple[str, str, float, float]]:
    for router, scores in _load(path).items():
        for domain, one in scores["categories"].items():
            yield router, domain, one["metrics"]["all"]["accuracy"], one["metrics"]["all"]["cost"]


def _flips(decisions: Path | None, labels: list[Path]) -> dict[str, tuple[int, int]]:
    """Counted from the site's labels, and for routers without them from their predictions."""
    found: dict[str, tuple[int, int]] = {}
    if decisions is not None:
        labelled = pl.col("router").str.starts_with("flip:")
        counts = (
            pl.scan_parquet(decisions)
            .filter("robustness", pl.col("flip").is_not_null())
            .group_by("router")
            .agg(flips=pl.col("flip").sum(), prompts=pl.len())
            .sort(labelled, "router")
            .collect()
        )
        for router, flips, prompts in counts.iter_rows():
            found[key_of(router.removeprefix("flip:"))] = (flips, prompts)
    for path in labels:
        if changed := [row["flip"] for row in _load(path)]:
            found[key_of(path.stem.removeprefix(LABELS))] = (sum(changed), len(changed))
    return found


def _aliases(manifest: Any) -> dict[str, list[str]]:
    keys = ("flip_key", "category_key", "prediction")
    return {row["website_name"]: [row[key] for key in keys if key in row] for row in manifest["routers"]}
