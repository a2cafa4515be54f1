"""Past-Future (LightLLM, ASPLOS'25, arXiv 2507.10150): admit while the memory that will be needed at its peak fits.

*Future*: requests that hold ``a`` tokens and go on for ``b`` more need, at the moment when the i longest of them are
left, the sum of their ``a`` plus i times the i-th ``b``; the peak is the largest of these. *Past*: how long an answer
will be is drawn from the answers that ended last, of those that are longer than what it has by now.

What vLLM does, the aggressive rule, is the engine's own: whatever fits now is admitted.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from routelab.core.decisions import Floats
from routelab.core.seeds import stream
from routelab.pool.fleet.control import Control
from routelab.pool.fleet.engine.interface import WAITING
from routelab.pool.fleet.policies.load import LeastLoaded
from routelab.pool.fleet.policy import Admission


def peak_tokens(held: Floats, left: Floats) -> Floats:
    """The most that requests will hold at once, from (..., n) tokens held and to come; equation 2.

    >>> float(peak_tokens(np.array([5.0, 3.0]), np.array([1.0, 4.0])))
    10.0
    """
    order = np.argsort(-left, axis=-1, kind="stable")
    held, left = np.take_along_axis(held, order, -1), np.take_along_axis(left, order, -1)
    return np.asarray((np.cumsum(held, axis=-1) + np.arange(1, held.shape[-1] + 1) * left).max(axis=-1))


class PastFuture(LeastLoaded):
    """The head of the queue while the predicted peak with it leaves ``reserve`` of the memory free.

    ``max_new``: the longest answer that a request may ask for. Asked every ``every`` tokens of a decode.
    """

    window, every, reserve, most_draws = 200, 6, 0.05, 5

    def __init__(self, max_new: int = 4096) -> None:
        self.max_new = max_new

    def start(self, fleet: Control) -> None:
        self._draw = stream(fleet.seed, "past-future")
        self._past = np.full(self.window // 2, self.max_new, dtype=float)

    def on_finish(self, ended: NDArray[np.void], fleet: Control) -> None:
        self._past = np.concatenate([self._past, ended["output_tokens"]])[-self.window :]

    def admit(self, server: int, fleet: Control) -> Admission:
        rows = fleet.live()
        running = rows[(rows["server"] == server) & (rows["state"] != WAITING)]
        queue = fleet.queue(server)
        room = float(fleet.kv_blocks[server] * fleet.block_tokens[server]) * (1 - self.reserve)
        most = self.fitting(np.concatenate([running, queue]), len(running), room, fleet)
        return Admission(max(most, len(running) == 0), self.every)

    def fitting(self, rows: NDArray[np.void], running: int, room: float, fleet: Control) -> int:
        """How many that wait, the last of the rows, fit beside those that run."""
        draws = min(self.most_draws, self.window // max(running, 1) + 1)
        left = np.maximum(self.lengths(rows, draws, fleet) - rows["produced"], 1)
        held = np.broadcast_to(rows["prompt"] + rows["produced"], left.shape).astype(float)
        for count in range(running + 1, len(rows) + 1):
            if peak_tokens(held[:, :count], left[:, :count]).max() >= room:
                return count - 1 - running
        return len(rows) - running

    def lengths(self, rows: NDArray[np.void], draws: int, fleet: Control) -> Floats:
        """(draws, n) lengths of answers: between those past that exceed what is there, itself, and the longest."""
        past = np.append(np.sort(self._past), self.max_new)
        produced = rows["produced"]
        longer = np.searchsorted(past[:-1], produced, side="right")
        place = self._draw.random((draws, len(rows))) * (len(past) - longer)
        low = np.floor(place).astype(np.int64)
        before = np.where(low == 0, produced, past[longer + low - 1])
        between = before + (place - low) * (past[longer + low] - before)
        return np.where(produced > 0, between, self._draw.choice(self._past, (draws, len(rows))))


class OraclePastFuture(PastFuture):
    """The same with the true lengths, which one draw tells exactly."""

    most_draws = 1

    def lengths(self, rows: NDArray[np.void], draws: int, fleet: Control) -> Floats:
        return np.array([[fleet.true_output_tokens(request) for request in rows["id"].tolist()]], dtype=float)


class Conservative(PastFuture):
    """The control, without prediction: every answer is as long as it may be, so that nothing is ever preempted."""

    most_draws = 1

    def lengths(self, rows: NDArray[np.void], draws: int, fleet: Control) -> Floats:
        return np.full((1, len(rows)), float(self.max_new))
