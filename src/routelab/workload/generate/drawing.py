"""Draw the items of a season: every category × level cell filled evenly by its families, no fact used twice.

The first items of a cell are the same however many are asked for, so a small draw is a part of the large one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count
from typing import Literal

from routelab.core import ContractError, InputError, Query, Turn
from routelab.workload.generate.asides import RATE, aside
from routelab.workload.generate.family import Draft, Family, Form, Level
from routelab.workload.generate.seasons import Season

DATASET = "atlas-fresh"
MIN_ITEMS = 8_000
MIN_PER_CELL = 50
MAX_REDRAWS = 2_000
GOLDEN = (5**0.5 - 1) / 2
Phrasing = Literal["open", "reserved"]
_PLAIN = {Form.SHORT, Form.CHOICE}


def draw(
    season: Season,
    families: Mapping[str, Family],
    items: int | None = None,
    *,
    phrasing: Phrasing = "open",
    progress: Callable[[int, int], None] | None = None,
) -> list[Query]:
    """``items`` queries of a season, spread evenly over categories × levels.

    Without ``items``: at least 8,000, and at least 50 a cell. ``phrasing="reserved"`` asks the same items in the
    wording that is kept for robustness. Withheld families are drawn in hidden seasons only.
    """
    cells = _cells(season, families)
    per_cell = max(MIN_PER_CELL, -(-MIN_ITEMS // len(cells)))
    wanted = items if items is not None else per_cell * len(cells)
    if wanted < 1:
        raise InputError("--items", expected="at least 1", got=str(wanted), fix="ask for one item")
    drawn: list[Query] = []
    seen: dict[str, set[str]] = {}
    for (level, members), share in zip(cells, _shares(wanted, len(cells))):
        for k in range(share):
            one = members[k % len(members)]
            taken = seen.setdefault(f"{one.name}/{level}", set())
            drawn.append(_item(season, one, level, k // len(members), taken, phrasing))
        if progress is not None:
            progress(len(drawn), wanted)
    return drawn


def _shares(wanted: int, cells: int) -> list[int]:
    """How many items each cell gets; what is left over is spread by the golden ratio, so that a few reach all classes.

    >>> _shares(7, 5)
    [2, 1, 2, 1, 1]
    """
    spread = sorted(range(cells), key=lambda place: place * GOLDEN % 1)
    more = set(spread[: wanted % cells])
    return [wanted // cells + (place in more) for place in range(cells)]


def _cells(season: Season, families: Mapping[str, Family]) -> list[tuple[Level, list[Family]]]:
    """Category × level, levels of one category together; categories in the order of their first division."""
    categories: dict[tuple[str, str], list[Family]] = {}
    for one in sorted(families.values(), key=lambda one: (one.division, one.name)):
        if not (one.withheld and season.is_open):
            categories.setdefault((one.domain, one.category), []).append(one)
    return [(level, members) for members in categories.values() for level in Level]


def _item(season: Season, of: Family, level: Level, index: int, taken: set[str], phrasing: Phrasing) -> Query:
    for redraw in count():
        rng = season.rng(of.name, level, index, redraw)
        draft = of.draw(rng, level)
        if draft.facts not in taken and season.owns(f"{of.name}/{draft.facts}"):
            break
        if redraw == MAX_REDRAWS:
            raise ContractError(
                f"family {of.name} {level}",
                expected=f"facts for item {index} that season {season.number} has not used",
                got=f"{redraw} repetitions",
                fix="ask for fewer items or widen its parameters",
            )
    taken.add(draft.facts)
    return _asked(season, of, level, index, draft, phrasing)


def _asked(season: Season, of: Family, level: Level, index: int, draft: Draft, phrasing: Phrasing) -> Query:
    rng = season.rng(of.name, level, index, "phrasing")
    last = len(draft.says) - 1
    chosen = int(rng.integers(last))
    distracted = of.form in _PLAIN and rng.random() < RATE
    said = draft.says[last if phrasing == "reserved" else chosen]
    turns = (Turn("user", f"{aside(rng)} {said}" if distracted else said),) if isinstance(said, str) else said
    name = f"{season.name}/{of.name}/{level}/{index:03d}"
    return Query(
        id=name if phrasing == "open" else f"{name}~reserved",
        turns=turns,
        dataset=DATASET,
        domain=of.domain,
        category=of.category,
        task=of.name,
        difficulty=str(level),
        form=str(of.form),
        language=of.language,
        metric=of.metric,
        reference=draft.reference,
        source=of.source,
        metadata={
            "season": season.number,
            "division": of.division,
            "bloom": of.bloom,
            "asks": of.asks,
            "phrasing": chosen if phrasing == "open" else "reserved",
            "distractor": distracted,
        }
        | ({} if phrasing == "open" else {"of": name, "kind": "reserved"}),
    )
