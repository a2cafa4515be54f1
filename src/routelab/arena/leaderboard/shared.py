"""What every submission is held against: the judged queries, and all shared outcomes that are known of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from routelab.arena.folds import Schedule, schedule
from routelab.arena.problem import Problem, prepare
from routelab.arena.rows import Part, part_of
from routelab.arena.spend import Tariff, preview
from routelab.core.types import Arm, ModelCard
from routelab.outcomes import Dense, OutcomeTable, dense

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Shared:
    """A table made ready: ``problem`` has the complete arms, ``wide`` all arms on the same rows, NaN where unknown.

    ``catalogue`` are cards of models that could be asked although the table says nothing of them.
    """

    table: OutcomeTable
    problem: Problem
    wide: Dense
    folds: int
    repeats: int
    seed: int
    catalogue: tuple[ModelCard, ...] = ()

    @classmethod
    def of(
        cls,
        table: OutcomeTable,
        part: Part,
        *,
        folds: int,
        repeats: int,
        seed: int,
        catalogue: tuple[ModelCard, ...] = (),
    ) -> Shared:
        judged = part_of(table, part)
        problem = prepare(judged)
        view = dense(judged)
        place = {name: row for row, name in enumerate(view.query_ids)}
        wide = view.rows(np.array([place[name] for name in problem.batch.ids], np.int64))
        return cls(table, problem, wide, folds, repeats, seed, catalogue)

    @cached_property
    def plan(self) -> Schedule:
        """Who is fitted on what; the same for every submission that the board fits."""
        return schedule(self.problem, "cross-fit", folds=self.folds, repeats=self.repeats, seed=self.seed)

    @cached_property
    def known(self) -> Mask:
        """(n, all arms) whether the cell can be scored and, where the board has costs, billed."""
        unknown = np.isnan(self.wide.score)
        return np.asarray(~(unknown | np.isnan(self.wide.cost_usd) if self.problem.priced else unknown))

    def price_of(self, arm: str, calls: int) -> float | None:
        """What asking ``calls`` of the judged queries once would cost at most, None where no price is known."""
        cards = {card.id: card.price_on() for card in (*self.catalogue, *self.table.models)}
        queries = self.table.query_list()[:calls]
        price = cards.get(Arm.parse(arm).model)
        told = preview(queries, [arm], {arm: Tariff(price)})[0] if price and queries else None
        return None if told is None or told.usd is None else told.usd * calls / len(queries)
