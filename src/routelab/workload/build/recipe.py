"""The recipe of a suite: strict YAML, one block a stage. Everything a build decides is written here beforehand."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec

from routelab.core import InputError
from routelab.core.config import convert, load_yaml

Share = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
Count = Annotated[int, msgspec.Meta(ge=1)]


class SeasonSource(msgspec.Struct, frozen=True, tag="season", tag_field="kind", forbid_unknown_fields=True):
    """Procedural items of an open season."""

    season: Count = 1
    items: Count | None = None


class PublicSource(msgspec.Struct, frozen=True, tag="public", tag_field="kind", forbid_unknown_fields=True):
    """A public data set by its catalogued name; ``folder`` reads local copies instead of the hub."""

    name: str
    limit: Count | None = None
    folder: str | None = None


class FileSource(msgspec.Struct, frozen=True, tag="file", tag_field="kind", forbid_unknown_fields=True):
    """Own data: JSONL, CSV or Parquet. ``columns`` maps query fields to columns; ``defaults`` fill what is missing."""

    path: str
    columns: dict[str, str] = {}
    defaults: dict[str, str] = {}
    licence: str | None = None
    limit: Count | None = None


class Domains(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Items without a division: left out, or labelled by a classifier trained on the labelled ones."""

    unlabelled: Literal["drop", "classify"] = "drop"
    least_probability: Share = 0.5


class Features(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A linear logistic model of difficulty: weights of item features and two cut points, set beforehand."""

    weights: dict[str, float]
    cuts: tuple[float, float]


class Ambiguity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Drop items on which at least ``agree`` of these capable arms give one and the same wrong answer."""

    table: str
    arms: tuple[str, ...]
    agree: Annotated[int, msgspec.Meta(ge=2)] = 2


class Gates(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an item must pass. ``against``: suites that share no item with this one.

    ``shortcut`` is the share of a task's cell that no constant and no position may solve.
    """

    near_duplicate: Share = 0.8
    against: tuple[str, ...] = ()
    shortcut: Share = 0.5
    longest_words: Count | None = None
    languages: tuple[str, ...] | None = None
    unknown_licence: Literal["drop", "keep"] = "drop"
    ambiguous: Ambiguity | None = None


class Sample(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many items, spread evenly over the groups of these labels; without ``items`` all are kept."""

    items: Count | None = None
    by: tuple[Literal["domain", "category", "difficulty", "form", "dataset", "language"], ...] = (
        "domain",
        "difficulty",
    )


class Recipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole suite."""

    name: str
    sources: tuple[SeasonSource | PublicSource | FileSource, ...]
    seed: Annotated[int, msgspec.Meta(ge=0)] = 0
    domain: Domains = Domains()
    difficulty: Features | None = None
    gates: Gates = Gates()
    sample: Sample = Sample()


def read_recipe(path: Path) -> Recipe:
    """Read a recipe; paths in it are relative to the recipe's folder."""
    recipe = convert(load_yaml(path), Recipe, str(path))
    if not recipe.name.strip():
        raise InputError(f"{path} $.name", expected="a name", got=repr(recipe.name), fix="name the suite")
    if not recipe.sources:
        raise InputError(f"{path} $.sources", expected="at least one source", got="none", fix="name a source")
    return _anchored(recipe, path.parent)


def _anchored(recipe: Recipe, base: Path) -> Recipe:
    replace = msgspec.structs.replace
    gates = replace(recipe.gates, against=tuple(str(base / folder) for folder in recipe.gates.against))
    if gates.ambiguous is not None:
        gates = replace(gates, ambiguous=replace(gates.ambiguous, table=str(base / gates.ambiguous.table)))
    sources = tuple(
        replace(each, path=str(base / each.path))
        if isinstance(each, FileSource)
        else replace(each, folder=str(base / each.folder))
        if isinstance(each, PublicSource) and each.folder is not None
        else each
        for each in recipe.sources
    )
    return replace(recipe, sources=sources, gates=gates)
