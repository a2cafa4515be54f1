"""The live view of ``routelab arena --live``: what every arm has answered so far, redrawn as answers come in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from rich.live import Live
from rich.table import Table

from routelab.arena.collect import Progress
from routelab.arena.live import LivePool, answered, fresh_items, judge_live
from routelab.arena.result import Result
from routelab.cli import console
from routelab.core import Outcome
from routelab.core.errors import shorten
from routelab.outcomes import OutcomeTable
from routelab.pool.live import endpoints

BAR = 20


class Report(Protocol):
    """What is told of every call."""

    def __call__(self, at: Progress, last: Outcome | None) -> None: ...


def run_live(items: int, recorded: OutcomeTable, recipes: list[str], file: Path | None, seed: int) -> Result:
    """Ask every arm of the recorded table fresh items, then judge the recipes, fitted on that table, on them."""
    known = endpoints(file)
    cards = {card.id: card for arm in recorded.arms if (card := known.card(arm)) is not None}
    pool = LivePool({arm: known.connect(arm) for arm in recorded.arms}, list(cards.values()))
    queries = fresh_items(items)
    texts = {query.id: query.text for query in queries}
    with live_view(texts) as report:
        outcomes = answered(queries, pool, report)
    return judge_live(recipes, recorded, outcomes, seed)


@contextmanager
def live_view(texts: dict[str, str]) -> Iterator[Report]:
    """Yield a function to call after every answer; draws nothing where nobody watches."""
    tallies: dict[str, _Tally] = defaultdict(_Tally)
    screen = console()
    with Live(console=screen, refresh_per_second=8, transient=False) as view:

        def report(at: Progress, last: Outcome | None) -> None:
            if last is None:
                return
            tallies[last.arm].add(last)
            if screen.is_terminal:
                view.update(_drawn(tallies, at, last, texts[last.query_id]))

        yield report


class _Tally:
    """What one arm has done so far."""

    def __init__(self) -> None:
        self.answers = self.errors = 0
        self.score = self.cost_usd = self.seconds = 0.0

    def add(self, outcome: Outcome) -> None:
        self.answers += 1
        self.errors += outcome.error is not None
        self.score += outcome.score or 0.0
        self.cost_usd += outcome.cost_usd or 0.0
        self.seconds += outcome.latency_s or 0.0


def _drawn(tallies: dict[str, _Tally], at: Progress, last: Outcome, prompt: str) -> Table:
    table = Table(
        title=f"fresh items: {at.done:,} of {at.total:,} answers",
        title_justify="left",
        caption=f"{shorten(prompt)}  →  {last.arm}: {shorten(last.answer or '')}",
        caption_justify="left",
    )
    for heading in ("arm", "answers", "right", "", "s/answer", "USD/1k", "errors"):
        table.add_column(heading, justify="left" if heading in ("arm", "") else "right")
    for arm, tally in sorted(tallies.items()):
        share, n = tally.score / tally.answers, tally.answers
        table.add_row(
            arm,
            str(n),
            f"{share:.0%}",
            "█" * round(BAR * share) + "░" * (BAR - round(BAR * share)),
            f"{tally.seconds / n:.2f}",
            f"{1000 * tally.cost_usd / n:.4f}",
            str(tally.errors),
        )
    return table
