"""What is computed for a batch is computed once: routers fitted on the same batch object share it."""

from __future__ import annotations

import numpy as np

from routelab.encode import HashedNgrams, TfidfSvd
from routelab.router import Router
from routelab.router.catalogue import knn, ridge
from routelab.router.trial import fresh
from routelab.router.worlds import plant

WORLD = plant("complementary", train=60, test=20)


def test_routers_of_one_seed_share_a_reduction_and_its_rows() -> None:
    one, other = (Router(recipe, seed=1).fit(WORLD.train, WORLD.known) for recipe in (knn, ridge))
    assert one.reductions_[0] is other.reductions_[0]
    rows = WORLD.test.reduced(HashedNgrams(), one.reductions_[0])
    assert rows is WORLD.test.reduced(HashedNgrams(), other.reductions_[0])


def test_another_seed_or_another_size_is_another_reduction() -> None:
    first = WORLD.train.fitted(HashedNgrams(), TfidfSvd(), 1)
    assert first is WORLD.train.fitted(HashedNgrams(), TfidfSvd(), 1)
    assert first is not WORLD.train.fitted(HashedNgrams(), TfidfSvd(), 2)
    assert first is not WORLD.train.fitted(HashedNgrams(), TfidfSvd(dimensions=8), 1)


def test_sharing_changes_no_decision() -> None:
    Router(knn, seed=3).fit(WORLD.train, WORLD.known)
    shared = Router(ridge, seed=3).fit(WORLD.train, WORLD.known).route(WORLD.test)
    alone = Router(ridge, seed=3).fit(fresh(WORLD.train), WORLD.known).route(fresh(WORLD.test))
    np.testing.assert_array_equal(shared.pick, alone.pick)
    np.testing.assert_array_equal(shared.score, alone.score)
