"""Quality gates: each looks at all items and says which must go and why. None knows models; one reads their answers.

A gate that only warns drops nothing and lists what it found. Order matters: what is broken goes before what is
repeated, so that the better of two copies stays.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from routelab.core import PrerequisiteError, Query
from routelab.outcomes.importers import open_table
from routelab.workload.build.ambiguity import ambiguous
from routelab.workload.build.recipe import Gates
from routelab.workload.build.shortcuts import shortcuts
from routelab.workload.build.similar import near_pairs, normal_form
from routelab.workload.graders.self_check import self_check
from routelab.workload.suites import open_suite

SHOWN = 20


class Finding(msgspec.Struct, frozen=True):
    """What one gate found: how many items it looked at, those it drops, and sentences about the rest."""

    gate: str
    checked: int
    dropped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def summary(self) -> dict[str, object]:
        """Counts, the first ids and the notes, as kept in the manifest."""
        found: dict[str, object] = {"checked": self.checked, "dropped": len(self.dropped)}
        if self.dropped:
            found["first"] = list(self.dropped[:SHOWN])
        if self.notes:
            found["notes"] = list(self.notes)
        return found


Gate = Callable[[Sequence[Query], Gates], Finding]


def graders_agree(queries: Sequence[Query], _: Gates) -> Finding:
    """The reference scores 1, the empty answer and another item's answer score 0."""
    notes: tuple[str, ...] = ()
    try:
        problems = self_check(queries)
    except PrerequisiteError as error:
        problems = self_check(queries, programs=False)
        notes = (f"programs were not checked: {error}",)
    notes += tuple(f"{each.query_id}: {each.check}: {each.detail}" for each in problems[:SHOWN])
    return Finding("grader self-check", len(queries), tuple(dict.fromkeys(p.query_id for p in problems)), notes)


def exact_duplicates(queries: Sequence[Query], _: Gates) -> Finding:
    """All but the first item of a normalised conversation and reference."""
    seen: set[tuple[str, str | None]] = set()
    dropped = []
    for query in queries:
        item = _item(query)
        if item in seen:
            dropped.append(query.id)
        seen.add(item)
    return Finding("exact duplicates", len(queries), tuple(dropped))


def near_duplicates(queries: Sequence[Query], gates: Gates) -> Finding:
    """The later of two items of one task whose content is nearly the same and whose answer is the same."""
    dropped: dict[str, None] = {}
    for members in by_task(queries).values():
        for later, earlier in near_pairs([q.text for q in members], None, gates.near_duplicate):
            if members[later].reference == members[earlier].reference and members[earlier].id not in dropped:
                dropped[members[later].id] = None
    return Finding("near duplicates", len(queries), tuple(dropped))


def leaked(queries: Sequence[Query], gates: Gates) -> Finding:
    """Items that another suite has too, exactly or nearly."""
    dropped: dict[str, None] = {}
    for folder in gates.against:
        dropped |= dict.fromkeys(shared_items(queries, open_suite(Path(folder)).queries, gates.near_duplicate))
    return Finding(
        "leakage", len(queries), tuple(dropped), tuple(f"against {Path(each).name}" for each in gates.against)
    )


def shared_items(queries: Sequence[Query], others: Sequence[Query], least: float = 0.8) -> list[str]:
    """Ids of the items that ``others`` hold too: equal prompts, or nearly equal content with an equal reference."""
    known = set(map(_item, others))
    found = dict.fromkeys(query.id for query in queries if _item(query) in known)
    theirs = by_task(others)
    for task, members in by_task(queries).items():
        rivals = theirs.get(task) or ([] if task in theirs else list(others))
        for i, j in near_pairs([q.text for q in members], [q.text for q in rivals], least):
            if members[i].reference == rivals[j].reference:
                found[members[i].id] = None
    return list(found)


def unfit_length_or_language(queries: Sequence[Query], gates: Gates) -> Finding:
    """Items that are too long or in a language that was not asked for; notes say how the rest is spread."""
    dropped = [
        query.id
        for query in queries
        if (gates.longest_words is not None and len(query.text.split()) > gates.longest_words)
        or (gates.languages is not None and query.language not in gates.languages)
    ]
    languages = Counter(query.language or "unknown" for query in queries)
    spread = ", ".join(f"{name} {count}" for name, count in languages.most_common())
    return Finding("length and language", len(queries), tuple(dropped), (f"languages: {spread}",))


def unlicensed(queries: Sequence[Query], gates: Gates) -> Finding:
    """Items whose source states no licence."""
    unknown = [query.id for query in queries if licence_of(query) is None]
    dropped = tuple(unknown) if gates.unknown_licence == "drop" else ()
    note = (f"{len(unknown)} items of unknown licence were kept",) if unknown and not dropped else ()
    return Finding("licence", len(queries), dropped, note)


def licence_of(query: Query) -> str | None:
    """The licence that an item states, in its metadata or in brackets behind its source."""
    stated = query.metadata.get("licence") or (query.source or "").partition("(")[2].rstrip(")")
    return None if stated in ("", "unknown") else str(stated)


def solved_by_shortcut(queries: Sequence[Query], gates: Gates) -> Finding:
    """Warns of every task × level that a constant or a position solves; items are innocent, generators are not."""
    found = [
        f"{task} {level}: {name} solves {share:.0%}"
        for (task, level), cell in _cells(queries).items()
        for name, share in shortcuts(cell, gates.shortcut)
    ]
    return Finding("shortcuts", len(queries), notes=tuple(found))


def wrongly_keyed(queries: Sequence[Query], gates: Gates) -> Finding:
    """Items on which capable arms agree on another answer than the reference."""
    if gates.ambiguous is None:
        return Finding("ambiguity", 0, notes=("no answers of capable arms were given",))
    found = ambiguous(queries, gates.ambiguous)
    return Finding("ambiguity", len(queries), tuple(found))


GATES: tuple[Gate, ...] = (
    graders_agree,
    unlicensed,
    unfit_length_or_language,
    wrongly_keyed,
    exact_duplicates,
    near_duplicates,
    leaked,
    solved_by_shortcut,
)


def check_compared(gates: Gates) -> None:
    """Raise InputError where a suite or table that a gate compares with cannot be opened."""
    for folder in gates.against:
        open_suite(Path(folder))
    if gates.ambiguous is not None:
        open_table(Path(gates.ambiguous.table))


def pass_gates(queries: Sequence[Query], gates: Gates) -> tuple[list[Query], list[Finding]]:
    """The items that pass every gate, in order, and what each gate found among those that reached it."""
    kept, findings = list(queries), []
    for gate in GATES:
        finding = gate(kept, gates)
        gone = set(finding.dropped)
        kept = [query for query in kept if query.id not in gone]
        findings.append(finding)
    return kept, findings


def _item(query: Query) -> tuple[str, str | None]:
    return normal_form("\n".join(turn.content for turn in query.turns)), query.reference


def by_task(queries: Sequence[Query]) -> dict[str, list[Query]]:
    """Items by their finest named group."""
    groups: dict[str, list[Query]] = defaultdict(list)
    for query in queries:
        groups[query.task or query.category or query.dataset or ""].append(query)
    return groups


def _cells(queries: Sequence[Query]) -> dict[tuple[str, str], list[Query]]:
    cells: dict[tuple[str, str], list[Query]] = defaultdict(list)
    for query in queries:
        cells[query.task or query.category or "", query.difficulty or ""].append(query)
    return cells
