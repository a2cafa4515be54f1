"""Does a recording repeat? A random sample of a table's items is asked again and compared call by call."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec
import polars as pl

from routelab.arena.collect import Progress, collect
from routelab.arena.spend import Tariff
from routelab.arena.statistics import Metric, share
from routelab.core import Complete, stream
from routelab.outcomes import OutcomeTable


class Repeated(msgspec.Struct, frozen=True, kw_only=True):
    """How an arm's new calls compare with its recorded ones.

    Attributes:
        same_score: share of calls with the recorded score; ``same_answer`` with the very text.
        tokens_ratio: new output tokens over recorded ones.
    """

    arm: str
    calls: int
    errors: int
    same_score: Metric
    same_answer: Metric
    tokens_ratio: float | None


def rerecord(
    table: OutcomeTable,
    arms: Mapping[str, Complete],
    items: int,
    *,
    seed: int = 0,
    longest_words: int = 300,
    report: Callable[[Progress], None] = lambda at: None,
) -> list[Repeated]:
    """Ask ``items`` of the table's queries again, greedily, and compare; prompts of many words are passed over."""
    queries = [query for query in table.query_list() if len(query.text.split()) <= longest_words]
    chosen = [queries[int(k)] for k in stream(seed, "rerecord").permutation(len(queries))[:items]]
    cards = {card.id: card for card in table.models}
    tariffs = {arm: Tariff(cards[model].price_on()) for arm in arms if (model := arm.partition("#")[0]) in cards}
    run = collect(None, chosen, arms, tariffs, seed=seed, progress=report)
    key = ["query_id", "arm"]
    old, new = (_answered(each) for each in (table, run.table))
    both = new.join(old, on=key, suffix="_recorded")
    return [_compared(str(arm), part) for (arm,), part in sorted(both.group_by("arm"), key=lambda item: str(item[0]))]


def _answered(table: OutcomeTable) -> pl.DataFrame:
    first = (pl.col("sample") == 0) & (pl.col("turn") == 0)
    calls = table.calls.filter(first).select("query_id", "arm", "score", "output_tokens", "error")
    answers = table.answers().filter(first).select("query_id", "arm", "answer")
    return calls.join(answers, on=["query_id", "arm"], how="left")


def _compared(arm: str, calls: pl.DataFrame) -> Repeated:
    failed = calls["error"].is_not_null()
    fine = calls.filter(~failed)
    tokens, recorded = (int(fine[column].sum()) for column in ("output_tokens", "output_tokens_recorded"))
    return Repeated(
        arm=arm,
        calls=calls.height,
        errors=int(failed.sum()),
        same_score=share(int((fine["score"] == fine["score_recorded"]).sum()), fine.height),
        same_answer=share(int((fine["answer"] == fine["answer_recorded"]).sum()), fine.height),
        tokens_ratio=round(tokens / recorded, 3) if recorded else None,
    )
