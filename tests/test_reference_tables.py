"""Real tables: the routers reproduce what an independent implementation measured on them (within its noise).

Reference: three seeds, 70/30 splits, lexical features. llmrouter_nim9: best single .616, kNN on mean scores .641,
kNN on labels of the first best arm .435. routerbench_part: best single .869, guarded kNN .868 to .870.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from routelab.core import stream
from routelab.core.threads import single_threaded
from routelab.encode import HashedNgrams, QueryBatch, TfidfSvd
from routelab.outcomes import Dense, dense
from routelab.outcomes.importers import open_table
from routelab.router import Recipe, Router
from routelab.router.catalogue import knn, knn_guarded
from routelab.router.estimators import LocalMean
from shared import needs_shared, shared_data

pytestmark = needs_shared
SEEDS = (0, 1)
Side = tuple[QueryBatch, Dense]


@cache
def table(name: str) -> Side:
    """Prompts and outcomes of the queries that every arm answered."""
    whole = open_table(shared_data("routing", name))
    view = dense(whole)
    full = np.flatnonzero(~np.isnan(view.score).any(axis=1))
    return QueryBatch.of(whole.queries["prompt"].gather(full).to_list()), view.rows(full)


@cache
def halves(name: str, seed: int) -> tuple[Side, Side]:
    """70 % to learn from, 30 % to be judged on."""
    batch, outcomes = table(name)
    order = stream(seed, "reference").permutation(len(batch))
    cut = int(0.7 * len(batch))
    one, other = order[:cut], order[cut:]
    return (batch.take(one), outcomes.rows(one)), (batch.take(other), outcomes.rows(other))


@single_threaded
def gain(recipe: Recipe, name: str, *, shuffled: bool = False) -> float:
    """Mean score over the best single arm's, in points, over the seeds; trained on others' outcomes if shuffled."""
    gains = []
    for seed in SEEDS:
        (batch, known), (asked, truth) = halves(name, seed)
        if shuffled:
            known = known.rows(stream(seed, "shuffled").permutation(len(batch)))
        router = Router(recipe, seed=seed).fit(batch, known)
        score = truth.columns(router.arms_).score
        gains.append(score[np.arange(len(score)), router.route(asked).pick] - score[:, router.fallback_])
    return float(100 * np.concatenate(gains).mean())


@single_threaded
def label_vote_gain(name: str, k: int = 5) -> float:
    """kNN as it should not be built: neighbours vote with the first of their best arms."""
    gains = []
    for seed in SEEDS:
        (batch, known), (asked, truth) = halves(name, seed)
        fitted = batch.fitted(HashedNgrams(), TfidfSvd(), seed)
        near, far = batch.reduced(HashedNgrams(), fitted), asked.reduced(HashedNgrams(), fitted)
        voters = np.argsort(-far @ near.T, axis=1, kind="stable")[:, :k]
        votes = known.score.argmax(axis=1)[voters]
        pick = np.array([np.bincount(row, minlength=len(known.arms)).argmax() for row in votes])
        gains.append(truth.score[np.arange(len(pick)), pick] - truth.score[:, known.score.mean(axis=0).argmax()])
    return float(100 * np.concatenate(gains).mean())


def test_mean_scores_of_neighbours_beat_the_best_arm_on_a_complementary_pool() -> None:
    assert gain(knn, "llmrouter_nim9") >= 1.0
    assert gain(Recipe(name="knn-100", estimator=LocalMean(k=100)), "llmrouter_nim9") >= 1.0


def test_votes_on_best_arm_labels_lose_to_ties() -> None:
    assert label_vote_gain("llmrouter_nim9") <= -5.0
    assert label_vote_gain("routerbench_part") <= -5.0


def test_outcomes_of_other_queries_teach_nothing() -> None:
    assert gain(knn, "llmrouter_nim9", shuffled=True) <= 0.0
    assert gain(knn, "routerbench_part", shuffled=True) <= 0.0


def test_the_guard_keeps_most_of_the_gain_on_a_complementary_pool() -> None:
    assert gain(knn_guarded, "llmrouter_nim9") >= 1.0


def test_on_a_dominated_pool_the_guard_stays_near_the_best_arm_where_plain_neighbours_do_not() -> None:
    guarded, plain = gain(knn_guarded, "routerbench_part"), gain(knn, "routerbench_part")
    assert guarded >= -1.0
    assert plain < guarded
