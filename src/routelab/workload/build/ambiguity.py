"""Items whose reference is in doubt: several capable arms, asked apart, give one and the same other answer."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from routelab.core import Query
from routelab.outcomes.importers import open_table
from routelab.workload.build.recipe import Ambiguity
from routelab.workload.build.similar import normal_form
from routelab.workload.graders import grade


def ambiguous(queries: Sequence[Query], rule: Ambiguity) -> Iterator[str]:
    """Ids of the items on which ``rule.agree`` arms agree against the reference."""
    answers = open_table(Path(rule.table)).answers().filter(pl.col("arm").is_in(rule.arms))
    given: dict[str, list[str]] = defaultdict(list)
    for id, answer in answers.select("query_id", "answer").iter_rows():
        given[id].append(answer or "")
    for query in queries:
        if query.metric is None or query.reference is None:
            continue
        read = [grade(query.metric, answer, query.reference) for answer in given.get(query.id, ())]
        wrong = Counter(normal_form(each.extracted) for each in read if each.score == 0 and each.extracted)
        if wrong and wrong.most_common(1)[0][1] >= rule.agree:
            yield query.id
