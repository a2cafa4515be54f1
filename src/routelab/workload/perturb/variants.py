"""Queries in one edit each: ``reword`` for one, ``variants`` for a stratified share. Grades nothing.

A variant is called ``<id>~<kind>`` and names its original in ``metadata["of"]``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from routelab.core import InputError, Query, stream
from routelab.core.files import digest
from routelab.workload.perturb.kinds import KINDS, Kind

MARK = "~"


def reword(query: Query, seed: int, *, keeps: bool = True) -> Query | None:
    """The query in one edit that keeps its meaning, or changes it; None where no kind finds anything to change.

    The kind is drawn from the seed and the prompt, so a prompt is reworded alike wherever it stands.

    >>> reword(Query.ask("q", "What is 2 + 2?"), 0).metadata["of"]
    'q'
    """
    return _edited(query, [kind for kind in KINDS.values() if kind.keeps == keeps], seed)


def variants(queries: Sequence[Query], share: float, seed: int) -> list[Query]:
    """A share of the queries, even over domain × difficulty, each in one variant of the same meaning.

    Kinds are used evenly as far as the queries allow.
    """
    if not 0 < share <= 1:
        raise InputError("share", expected="a share in (0, 1]", got=f"{share:g}", fix="use 0.1")
    strata: dict[tuple[str, str], list[int]] = {}
    for place, query in enumerate(queries):
        strata.setdefault((query.domain or "", query.difficulty or ""), []).append(place)
    chosen: list[int] = []
    wanted = 0.0
    for (domain, difficulty), inside in sorted(strata.items()):
        wanted += share * len(inside)
        order = stream(seed, "variants", domain, difficulty).permutation(len(inside))
        chosen += [inside[k] for k in order[: round(wanted) - len(chosen)]]
    used = {kind.name: 0 for kind in KINDS.values() if kind.keeps}
    made = []
    for place in sorted(chosen):
        changed = _edited(queries[place], [KINDS[name] for name in used], seed, used)
        if changed is not None:
            used[changed.metadata["kind"]] += 1
            made.append(changed)
    return made


def _edited(query: Query, kinds: Sequence[Kind], seed: int, used: Mapping[str, int] | None = None) -> Query | None:
    """The query in the first kind that finds something to change: the least used first, else in random order."""
    rng = stream(seed, "reword", digest(query.text.encode("utf-8", "surrogatepass")))
    order = [kinds[place] for place in rng.permutation(len(kinds))]
    for kind in order if used is None else sorted(order, key=lambda kind: used[kind.name]):
        changed: Query | None = kind.change(query, rng)
        if changed is not None:
            link = {"of": query.id, "kind": kind.name}
            return msgspec.structs.replace(
                changed, id=f"{query.id}{MARK}{kind.name}", metadata={**query.metadata, **link}
            )
    return None


def original(query: Query) -> str:
    """The id of the query that this one is a variant of; its own where it is none."""
    return str(query.metadata.get("of", query.id.partition(MARK)[0]))
