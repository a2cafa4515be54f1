"""The sample: as many queries as the precision needs, no more than the budget allows, shaped like the logs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest

from routelab.arena.dayone.sample import (
    FEWEST,
    Budget,
    Sample,
    expected_precision,
    needed,
    points,
    sample,
    script,
    stratify,
)
from routelab.core import InputError, Query

TOPICS = (
    "Add {k} and {j}",
    "Как перевести слово номер {k} на английский язык?",
    "Write a long story about dragon {k} and its {j} friends, with all their deeds, and a moral at the end of it",
)


def logs(n: int) -> list[Query]:
    return [Query.ask(f"q{k}", TOPICS[k % 3].format(k=k, j=7 * k)) for k in range(n)]


def always(_: Sequence[Query]) -> bool:
    return True


def drawn(queries: list[Query], precision: float = 0.1, seed: int = 0) -> Sample:
    return sample(queries, precision, affordable=always, seed=seed)


def test_the_size_is_that_of_the_stated_formula() -> None:
    assert needed(0.05, 10**6) == int(np.ceil((1.959963985 * 0.5 / 0.05) ** 2)) == 385
    assert expected_precision(needed(0.05, 10**6)) == pytest.approx(0.05, abs=1e-3)
    assert len(drawn(logs(900)).queries) == needed(0.1, 900) == 97


def test_it_never_asks_for_more_than_there_are() -> None:
    found = drawn(logs(60), precision=0.01)
    assert (len(found.queries), found.limited_by) == (60, None)
    assert found.precision > 0.1


def test_copies_of_a_prompt_count_once() -> None:
    queries = logs(80)
    copies = [Query.ask(f"copy-{query.id}", f"  {query.text.upper()} ") for query in queries]
    found = drawn([*queries, *copies], precision=0.01)
    assert found.distinct == 80
    assert {query.id for query in found.queries} == {query.id for query in queries}


def test_every_stratum_has_its_share() -> None:
    queries = logs(600)
    strata = dict(zip((query.id for query in queries), stratify(queries, 0)))
    whole = Counter(strata.values())
    part = Counter(strata[query.id] for query in drawn(queries).queries)
    n = sum(part.values())
    assert all(abs(part[stratum] - n * size / 600) <= 1 for stratum, size in whole.items())


def test_the_budget_limits_the_sample_and_says_so() -> None:
    found = sample(logs(900), 0.02, affordable=lambda queries: len(queries) <= 123)
    assert (len(found.queries), found.limited_by, found.needed) == (123, "budget", 900)


def test_too_small_a_budget_is_an_error() -> None:
    with pytest.raises(InputError, match=f"enough for {FEWEST} queries"):
        sample(logs(900), 0.02, affordable=lambda queries: len(queries) < 10)


def test_too_few_prompts_are_an_error() -> None:
    with pytest.raises(InputError, match="distinct prompts"):
        drawn(logs(FEWEST - 1))


def test_the_same_seed_draws_the_same_and_another_seed_others() -> None:
    queries = logs(600)
    assert drawn(queries) == drawn(queries)
    assert drawn(queries, seed=1).queries != drawn(queries).queries


def test_scripts_stand_in_for_languages() -> None:
    assert [script(text) for text in ("hello", "你好", "123")] == ["LATIN", "CJK", "NONE"]


@pytest.mark.parametrize(("text", "budget"), [("5usd", Budget(usd=5.0)), ("200 calls", Budget(calls=200))])
def test_budgets_are_money_or_calls(text: str, budget: Budget) -> None:
    assert Budget.parse(text) == budget


@pytest.mark.parametrize("text", ["5", "-5usd", "usd", "5 euros"])
def test_other_budgets_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="5usd or 2000calls"):
        Budget.parse(text)


@pytest.mark.parametrize("text", ["2", "0pt", "60pt"])
def test_a_precision_is_in_points(text: str) -> None:
    with pytest.raises(InputError, match="2pt"):
        points(text)
