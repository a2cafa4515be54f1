"""What every router promises, one small function each. A docstring is the promise; a Violation says how it broke.

The promises are those of ``check_estimator`` for routers: about repeatability, invariance, odd input, the dial,
the pool and honesty. None of them asks for a good router, except where the planted gain is plain to see.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from routelab.core.pool_view import PoolView
from routelab.encode import QueryBatch
from routelab.router.artifact import artifact_hash, load_artifact, save_artifact
from routelab.router.trial import (
    NotApplicable,
    Trial,
    column,
    expect,
    expect_finite,
    expect_same,
    fresh,
    gain,
    of_pick,
    predictions_equal,
)

DIALS = tuple(np.linspace(0.0, 1.0, 11) ** 2)
STANDARD_ERRORS = 3.0
ODD_TEXTS = (
    "",
    " \n\t ",
    "?",
    "word " * 40_000,
    "unbroken" * 5_000,
    "何为公平？请用一句话回答。",
    "ما هو العدل؟",
    "🙂🙃 👩‍👩‍👧‍👦 🇫🇷",
    "e\u0301\u200b\u202etxet",
    "a\x00b",
)


def every_query_gets_one_arm_of_the_pool(trial: Trial) -> None:
    """Every query gets exactly one arm, and it is one of the pool; no queries get none."""
    world, router = trial.world("complementary"), trial.fitted("complementary")
    strange = set(trial.ask(router, world.test).arms) - set(world.truth.arms)
    expect(not (trial.learns and strange), f"arms that the pool does not have: {sorted(map(repr, strange))}")
    trial.ask(router, world.test.take([]))


def same_seed_gives_same_decisions(trial: Trial) -> None:
    """Fitted twice with one seed on the same outcomes, it decides the same, and says so twice."""
    world, router = trial.world("complementary"), trial.fitted("complementary")
    first = trial.ask(router, world.test)
    expect_same(first.arms, trial.ask(router, world.test).arms, "asked twice")
    again = trial.ask(trial.fit(replace(world, train=fresh(world.train))), fresh(world.test))
    expect_same(first.arms, again.arms, "fitted twice")
    if first.decisions is not None and again.decisions is not None:
        expect(predictions_equal(first.decisions, again.decisions), "fitted twice, predictions differ")


def one_query_is_a_batch_of_one(trial: Trial) -> None:
    """A query asked alone gets the arm that it gets in a batch."""
    world, router = trial.world("complementary"), trial.fitted("complementary")
    together = trial.ask(router, world.test).arms
    alone = tuple(trial.ask(router, world.test.take([row])).arms[0] for row in range(len(world.test)))
    expect_same(together, alone, "asked alone")


def query_order_is_irrelevant(trial: Trial) -> None:
    """Shuffling the queries of a batch shuffles the decisions and changes none."""
    world, router = trial.world("complementary"), trial.fitted("complementary")
    order = np.arange(len(world.test))[::-1]
    straight, turned = trial.ask(router, world.test).arms, trial.ask(router, world.test.take(order)).arms
    expect_same(straight, turned[::-1], "asked in reverse")


def column_order_is_irrelevant(trial: Trial) -> None:
    """Turning the arm columns of the training table round changes no decision, ties included."""
    trial.need_learning()
    for name in ("ties", "complementary"):
        world, router = trial.world(name), trial.fitted(name)
        turned = trial.fit(replace(world, known=world.known.columns(world.known.arms[::-1])))
        expect_same(trial.ask(router, world.test).arms, trial.ask(turned, world.test).arms, "columns turned round")


def missing_outcomes_are_tolerated(trial: Trial) -> None:
    """Cells, whole queries and most of an arm may be unknown; it still learns and still answers."""
    trial.need_learning()
    world = trial.world("missing")
    known = world.known.columns(world.known.arms)
    known.score[:5], known.cost_usd[:5] = np.nan, np.nan
    known.score[10:, 2], known.cost_usd[10:, 2] = np.nan, np.nan
    answer = trial.ask(trial.fit(replace(world, known=known)), world.test)
    expect_finite(answer.decisions)


def a_pool_of_one_is_a_pool(trial: Trial) -> None:
    """With one arm to choose from, it chooses that arm."""
    trial.need_learning()
    world = trial.world("pairs")
    alone = replace(world, known=world.known.columns(("lab/weak",)))
    answer = trial.ask(trial.fit(alone), world.test)
    expect(set(answer.arms) == {"lab/weak"}, f"chose {sorted(set(answer.arms))} from a pool of lab/weak")


def few_training_queries_are_enough(trial: Trial) -> None:
    """Three training queries, one of them empty and two alike, are little to learn from but no error."""
    trial.need_learning()
    world = trial.world("pairs")
    few = world.known.rows(np.arange(3))
    small = replace(world, train=QueryBatch.of(["", "Work out 1 + 1.", "Work out 1 + 1."]), known=few)
    expect_finite(trial.ask(trial.fit(small), world.test).decisions)


def odd_texts_are_answered(trial: Trial) -> None:
    """Empty, blank, very long, foreign and garbled prompts get an arm like any other."""
    router = trial.fitted("complementary")
    expect_finite(trial.ask(router, QueryBatch.of(ODD_TEXTS)).decisions)


def the_dial_never_raises_cost(trial: Trial) -> None:
    """As the dial goes up, no query's predicted cost does."""
    trial.need_option("dial")
    for name in ("complementary", "dominated", "pairs", "ties"):
        world, router = trial.world(name), trial.fitted(name)
        last = np.full(len(world.test), np.inf)
        for dial in DIALS:
            decisions = trial.decide(router, world.test, dial=float(dial))
            cost = of_pick(decisions, "cost_usd")
            rises = int((cost > last + 1e-12).sum())
            expect(rises == 0, f"{rises} queries of the {name} world cost more at dial {dial:.2f} than below it")
            last = cost


def the_dial_ends_are_quality_and_thrift(trial: Trial) -> None:
    """Dial 1 takes the cheapest arm of every query; dial 0 predicts no less quality than dial 1."""
    trial.need_option("dial")
    if trial.composed and trial.fitted("complementary").explore:
        raise NotApplicable("it draws arms at random, whatever the dial says")
    world, router = trial.world("complementary"), trial.fitted("complementary")
    best, thrift = (trial.decide(router, world.test, dial=dial) for dial in (0.0, 1.0))
    cost, cheapest = of_pick(thrift, "cost_usd"), column(thrift, "cost_usd").min(axis=1)
    expect(bool((cost <= cheapest + 1e-12).all()), "dial 1 picks an arm that is not the cheapest")
    quality = of_pick(best, "score").mean(), of_pick(thrift, "score").mean()
    expect(quality[0] >= quality[1] - 1e-9, f"quality {quality[0]:.3f} at dial 0 and {quality[1]:.3f} at dial 1")


def unavailable_arms_are_never_proposed(trial: Trial) -> None:
    """An arm that the pool view reports as down, or does not list, is not chosen and not second."""
    trial.need_option("pool")
    world, router = trial.world("complementary"), trial.fitted("complementary")
    for down in world.truth.arms:
        up = tuple(arm for arm in reversed(world.truth.arms) if arm != down)
        for pool in (
            PoolView((*up, down), available=np.array([1.0] * len(up) + [0.0])),
            PoolView(up, available=np.ones(len(up))),
            PoolView((down, up[0]), available=np.array([0.0, 1.0])),
        ):
            answer = trial.ask(router, world.test, pool=pool)
            expect(down not in answer.arms, f"chose {down}, which is down")
            if answer.decisions is not None:
                second = answer.decisions.beat[answer.decisions.beat >= 0]
                expect(down not in {answer.decisions.arms[j] for j in second}, f"let {down}, which is down, be second")


def an_artifact_decides_bit_for_bit_the_same(trial: Trial) -> None:
    """Saved and loaded again, it gives the same hash, decisions and predictions, to the last bit."""
    trial.need_learning()
    if not trial.composed:
        raise NotApplicable("only recipes can be frozen as artifacts")
    world, router = trial.world("complementary"), trial.fitted("complementary")
    with tempfile.TemporaryDirectory() as folder:
        saved = save_artifact(router, Path(folder))
        loaded = load_artifact(Path(folder))
    expect(saved == artifact_hash(router) == artifact_hash(loaded), "the hash changed on the way")
    before, after = trial.decide(router, world.test), trial.decide(loaded, fresh(world.test))
    expect_same(tuple(before.chosen_arms()), tuple(after.chosen_arms()), "loaded")
    expect(predictions_equal(before, after), "predictions differ in some bits")


def a_new_arm_joins_without_a_refit(trial: Trial) -> None:
    """One more arm is learned from its own outcomes: what is predicted of the others stays to the last bit, and
    the newcomer is used where it is the best."""
    if not trial.composed:
        raise NotApplicable("only recipes can take an arm in later")
    newcomer = "lab/coder"
    world = trial.world("complementary")
    others = tuple(arm for arm in world.known.arms if arm != newcomer)
    router = trial.fit(replace(world, known=world.known.columns(others)))
    before = trial.decide(router, world.test)
    router.add_arm(world.train, world.known.columns((newcomer,)))
    after = trial.decide(router, fresh(world.test))
    expect(tuple(after.arms) == tuple(sorted(world.known.arms)), f"the pool is {after.arms} afterwards")
    kept = [after.arms.index(arm) for arm in before.arms]
    for name in ("score", "cost_usd"):
        one, other = column(before, name), column(after, name)[:, kept]
        expect(bool(np.array_equal(one, other)), f"the {name} predicted of other arms changed")
    expect_finite(after)
    if trial.reads_text:
        code = np.array([task == "code" for task in world.test.tasks])
        share = float(np.mean([arm == newcomer for arm in np.array(after.chosen_arms())[code]]))
        expect(share > 0.2, f"the newcomer, best at code, gets {share:.0%} of it")


def every_decision_can_be_explained(trial: Trial) -> None:
    """``explain`` names the arm that ``route`` takes, and says what is believed of every arm."""
    if not trial.composed:
        raise NotApplicable("only recipes explain themselves")
    world, router = trial.world("complementary"), trial.fitted("complementary")
    few = world.test.take(np.arange(12))
    told = router.explain(few)
    expect_same(tuple(one.arm for one in told), trial.ask(router, few).arms, "explained")
    for one in told:
        expect(
            {belief.arm for belief in one.beliefs} == set(router.arms_), f"beliefs about {len(one.beliefs)} arms only"
        )


def propensities_are_probabilities(trial: Trial) -> None:
    """Every decision says with what probability it was taken."""
    propensity = trial.decide(trial.fitted("complementary"), trial.world("complementary").test).propensity
    fine = np.isfinite(propensity) & (propensity > 0) & (propensity <= 1)
    expect(bool(fine.all()), f"{int((~fine).sum())} propensities outside (0, 1]")


def reasons_and_beaten_arms_make_sense(trial: Trial) -> None:
    """Every decision has a reason that exists; the arm it beat is another one, or −1 where there is none."""
    for name in ("complementary", "pairs"):
        world = trial.world(name)
        decisions = trial.decide(trial.fitted(name), world.test)
        n, k = len(world.test), len(decisions.arms)
        expect(decisions.reason.shape == (n,) and decisions.beat.shape == (n,), "a column is not one row a query")
        told = (decisions.reason >= 0) & (decisions.reason < len(decisions.reasons))
        expect(bool(told.all()), "a reason that is not in reasons")
        expect(bool(((decisions.beat >= -1) & (decisions.beat < k)).all()), "a beaten arm that does not exist")
        expect(bool((decisions.beat != decisions.pick).all()), "an arm that beat itself")


def truth_is_not_read_when_deciding(trial: Trial) -> None:
    """Turning every outcome round after the fit changes no decision."""
    trial.need_learning()
    world = trial.world("complementary")
    known = world.known.columns(world.known.arms)
    router = trial.fit(replace(world, known=known))
    before = trial.ask(router, world.test).arms
    known.score[:], known.cost_usd[:] = 1 - known.score, known.cost_usd.max() - known.cost_usd
    expect_same(before, trial.ask(router, fresh(world.test)).arms, "outcomes turned round after the fit")


def nothing_is_gained_where_nothing_can_be(trial: Trial) -> None:
    """Where scores are coin flips, it does not beat the best single arm beyond luck."""
    trial.need_learning()
    won, error = gain(trial, "null")
    expect(won <= STANDARD_ERRORS * error, f"gained {won:+.3f} ± {error:.3f} on coin flips: it has seen the truth")


def a_plain_gain_is_found(trial: Trial) -> None:
    """Where every topic has its specialist, it beats the best single arm."""
    trial.need_learning()
    if not trial.reads_text:
        raise NotApplicable("it reads no text, so it cannot tell topics apart")
    won, error = gain(trial, "complementary")
    expect(won > STANDARD_ERRORS * error, f"gained {won:+.3f} ± {error:.3f} where 0.4 lies open")


def decision_latency_is_reported(trial: Trial) -> str:
    """One decision at a time, how long they take; reported, never judged."""
    world, router = trial.world("complementary"), trial.fitted("complementary")
    taken = []
    for row in range(100):
        query = fresh(world.test.take([row]))
        started = time.perf_counter()
        trial.ask(router, query)
        taken.append(1e3 * (time.perf_counter() - started))
    middle, high = np.quantile(taken, [0.5, 0.99])
    return f"p50 {middle:.2f} ms, p99 {high:.2f} ms"


Check = Callable[[Trial], str | None]
CHECKS: tuple[Check, ...] = (
    every_query_gets_one_arm_of_the_pool,
    same_seed_gives_same_decisions,
    one_query_is_a_batch_of_one,
    query_order_is_irrelevant,
    column_order_is_irrelevant,
    missing_outcomes_are_tolerated,
    a_pool_of_one_is_a_pool,
    few_training_queries_are_enough,
    odd_texts_are_answered,
    the_dial_never_raises_cost,
    the_dial_ends_are_quality_and_thrift,
    unavailable_arms_are_never_proposed,
    an_artifact_decides_bit_for_bit_the_same,
    a_new_arm_joins_without_a_refit,
    every_decision_can_be_explained,
    propensities_are_probabilities,
    reasons_and_beaten_arms_make_sense,
    truth_is_not_read_when_deciding,
    nothing_is_gained_where_nothing_can_be,
    a_plain_gain_is_found,
    decision_latency_is_reported,
)
