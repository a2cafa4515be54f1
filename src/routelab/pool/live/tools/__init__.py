"""Deterministic tools as arms: a calculator, look-up, SQL and code, each asked like a model.

A tool reads only the text of the conversation and answers from it, or says ``REFUSAL``. It has no tokens; it is
billed by the call, and its processor time is measured. Tools are general instruments: none knows a suite, its wordings
or its truths. They compete on a board of their own, so that routing never becomes the recognition of a template.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Sequence

import msgspec

from routelab.core import Arm, InputError, ModelCard, Price, Sampling, Turn
from routelab.core.errors import nearest
from routelab.pool.live.cpu_rate import LocalCompletion
from routelab.pool.live.tools import calculator, code, lookup, sql
from routelab.pool.live.tools.prompt import Prompt

__all__ = ["REFUSAL", "TOOLS", "Prompt", "Tool", "connect"]

REFUSAL = "I cannot."


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """One instrument as a ``Complete``: its card, and the function from a prompt to an answer or None.

    ``clock`` gives processor seconds: those of the calling thread, or wall time, a bound, where others do the work.
    """

    card: ModelCard
    answer: Callable[[Prompt], str | None]
    clock: Callable[[], float] = time.thread_time

    def __call__(self, turns: Sequence[Turn], sampling: Sampling) -> LocalCompletion:
        start, cpu = time.perf_counter(), self.clock()
        prompt = Prompt.of(turns)
        found = self.answer(prompt)
        if found is not None and prompt.options:
            found = prompt.letter(found)
        return LocalCompletion(
            text=REFUSAL if found is None else found,
            model=self.card.id,
            finish_reason="stop",
            input_tokens=0,
            output_tokens=0,
            latency_s=time.perf_counter() - start,
            cpu_s=self.clock() - cpu,
        )


def _tool(
    name: str,
    title: str,
    per_call_usd: float,
    answer: Callable[[Prompt], str | None],
    clock: Callable[[], float] = time.thread_time,
) -> Tool:
    price = Price(
        input_usd_per_mtok=0.0,
        output_usd_per_mtok=0.0,
        per_call_usd=per_call_usd,
        date=dt.date(2026, 11, 21),
        source="declared by this project",
    )
    card = ModelCard(id=f"tool/{name}", name=title, licence="Apache-2.0", source="routelab", prices=(price,))
    return Tool(card=card, answer=answer, clock=clock)


TOOLS = {
    tool.card.id: tool
    for tool in (
        _tool("calculator", "Exact arithmetic and units", 1e-8, calculator.answer),
        _tool("lookup", "Elements, places, dates, names of days and months", 2e-8, lookup.answer),
        _tool("sql", "Questions and queries over tables, on SQLite", 1e-8, sql.answer),
        _tool("code", "Python in the sandbox", 5e-7, code.answer, time.perf_counter),
    )
}


def connect(arm: Arm) -> Tool:
    """The back-end ``tools``: a tool by its id; raises InputError for an unknown one."""
    if arm.model not in TOOLS:
        raise InputError("tool", expected="a known id", got=repr(arm.model), fix=nearest(arm.model, TOOLS))
    return TOOLS[arm.model]
