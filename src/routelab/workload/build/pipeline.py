"""Source → normalise → domain → difficulty → gates → sample → freeze: a recipe becomes a suite.

Every stage is a function of the recipe, so the same recipe gives the same hash. What a source gave is kept beside the
target until the suite is frozen: an interrupted build goes on where it stopped.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

import msgspec

from routelab.core import InputError, Query, Turn
from routelab.core.files import atomic_path, digest
from routelab.workload.build.features import levels
from routelab.workload.build.gates import check_compared, pass_gates
from routelab.workload.build.labels import label
from routelab.workload.build.recipe import FileSource, PublicSource, Recipe, SeasonSource
from routelab.workload.build.sample import stratified
from routelab.workload.generate import generate, open_season
from routelab.workload.sources import from_folder, from_hub, own, read
from routelab.workload.suites import Suite, freeze
from routelab.workload.suites.suite import check_free

Report = Callable[[int, int, str], None]


def build(recipe: Recipe, folder: Path, report: Report = lambda done, total, text: None) -> Suite:
    """Build and freeze the suite of a recipe; raises InputError where a stage leaves nothing."""
    check_free(folder)
    check_compared(recipe.gates)
    if recipe.difficulty is not None:
        levels([], recipe.difficulty)
    stages = len(recipe.sources) + 4
    work = folder.parent / f".{folder.name}.work"
    items: list[Query] = []
    for place, source in enumerate(recipe.sources):
        report(place, stages, f"reading {_name(source)}")
        items += _kept(work, source, recipe.seed)
    _apart(_some(items, "the sources"))
    items = [normalised(query) for query in items]
    report(stages - 4, stages, f"labelling {len(items):,} items")
    items, domains = label(items, recipe.domain, recipe.seed)
    if recipe.difficulty is not None:
        items = _levelled(items, recipe)
    report(stages - 3, stages, f"checking {len(items):,} items")
    items, findings = pass_gates(_some(items, "the domain labels"), recipe.gates)
    report(stages - 2, stages, f"sampling from {len(items):,} items")
    losses = ", ".join(f"{each.gate} dropped {len(each.dropped):,}" for each in findings if each.dropped)
    items = stratified(_some(items, f"the gates ({losses})"), recipe.sample, recipe.seed)
    report(stages - 1, stages, f"freezing {len(items):,} items")
    suite = freeze(
        folder,
        recipe.name,
        items,
        made_by={"recipe": msgspec.to_builtins(recipe)},
        gates={"domain": domains} | {each.gate: each.summary for each in findings},
        software={"routelab": version("routelab")},
    )
    shutil.rmtree(work, ignore_errors=True)
    return suite


def normalised(query: Query) -> Query:
    """The item with line ends unified, trailing blanks gone and no control characters.

    >>> normalised(Query.ask("a", "2 + 2? \\r\\n")).text
    '2 + 2?'
    """
    turns = tuple(Turn(turn.role, _clean(turn.content)) for turn in query.turns)
    return msgspec.structs.replace(query, turns=turns)


def _clean(text: str) -> str:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    kept = "\n".join(line.rstrip() for line in lines).strip()
    return "".join(c for c in kept if c in "\n\t" or c.isprintable())


def _kept(work: Path, source: SeasonSource | PublicSource | FileSource, seed: int) -> list[Query]:
    """What a source gives, from the last attempt's copy where reading takes long; files are read anew."""
    if isinstance(source, FileSource) or (isinstance(source, PublicSource) and source.folder is not None):
        return _read(source, seed)
    plain = msgspec.to_builtins(source)
    name = digest([plain, seed, version("routelab")])
    copy = work / f"{name}.jsonl"
    if copy.is_file():
        try:
            return [msgspec.json.decode(line, type=Query) for line in copy.read_bytes().splitlines()]
        except msgspec.DecodeError as error:
            raise InputError(str(copy), expected="what was read", got=str(error), fix="remove this file") from None
    queries = _read(source, seed)
    with atomic_path(copy) as temporary:
        temporary.write_bytes(b"".join(msgspec.json.encode(query) + b"\n" for query in queries))
    return queries


def _read(source: SeasonSource | PublicSource | FileSource, seed: int) -> list[Query]:
    match source:
        case SeasonSource():
            return generate(open_season(source.season), source.items)
        case PublicSource():
            fetch = from_folder(Path(source.folder)) if source.folder else from_hub()
            return read(source.name, fetch, source.limit, seed)
        case FileSource():
            return own(
                Path(source.path), source.columns, values=source.defaults, licence=source.licence, limit=source.limit
            )


def _levelled(items: Sequence[Query], recipe: Recipe) -> list[Query]:
    """Items without a level get the one of the recipe's rule; generated items keep their cell."""
    assert recipe.difficulty is not None
    bare = [query for query in items if query.difficulty is None]
    found = dict(zip((query.id for query in bare), levels(bare, recipe.difficulty)))
    return [msgspec.structs.replace(q, difficulty=found[q.id]) if q.id in found else q for q in items]


def _apart(items: list[Query]) -> None:
    """Raise InputError where two sources give the same id: every later stage tells items apart by it."""
    counts = Counter(query.id for query in items)
    twice = [name for name, count in counts.items() if count > 1]
    if twice:
        got = f"{twice[0]!r} from two" + (f", and {len(twice) - 1:,} more" if len(twice) > 1 else "")
        raise InputError(
            "recipe $.sources", expected="an id in one source only", got=got, fix="name a source once, or rename ids"
        )


def _some(items: list[Query], after: str) -> list[Query]:
    if not items:
        raise InputError("recipe", expected=f"items left after {after}", got="none", fix="loosen it or add sources")
    return items


def _name(source: SeasonSource | PublicSource | FileSource) -> str:
    match source:
        case SeasonSource():
            return f"season {source.season}"
        case PublicSource():
            return source.name
        case FileSource():
            return Path(source.path).name
