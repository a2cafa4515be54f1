"""The fleet in the hands of a policy: the servers as it sees them; the verbs by which it acts are in `Verbs`."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from routelab.core.arrivals import Arrivals
from routelab.core.decisions import Ints
from routelab.core.errors import ContractError, InputError
from routelab.core.seeds import stream
from routelab.pool.fleet.cost.step import StepCost
from routelab.pool.fleet.engine.interface import Servers
from routelab.pool.fleet.policy import Request
from routelab.pool.fleet.verbs import Verbs


@dataclass
class Control(Verbs):
    """Times are seconds. What begins with an underscore knows how long answers will be, and is not for policies."""

    oracle: bool = False
    seed: int = 0
    cost_error: float = 0.0
    _view: Servers | None = None
    _candidates: list[Ints] = field(default_factory=list)
    _serving: list[frozenset[int]] = field(default_factory=list)
    _truth: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        servers = self.fleet.servers
        self.kv_blocks = np.array([server.spec.kv_blocks for server in servers])
        self.roles = np.array([server.spec.role for server in servers])
        self.block_tokens = np.array([server.spec.block_tokens for server in servers])

    def __len__(self) -> int:
        return len(self.fleet.servers)

    # What is seen.

    @property
    def view(self) -> Servers:
        """The servers as of the last probe, or as they are where nothing is probed."""
        return self._engine.observe() if self._view is None else self._view

    @property
    def outstanding(self) -> Ints:
        """Requests that wait or run at each server, as of the last probe; cheaper than `view` without one."""
        return self._busy if self._view is None else self._view.waiting + self._view.running

    def least_busy(self, servers: Ints) -> int:
        """Of some servers the one with the fewest requests that wait or run, as of the last probe."""
        return int(servers[self.outstanding[servers].argmin()] if len(servers) > 1 else servers[0])

    @property
    def queues(self) -> tuple[Ints, Ints]:
        """Requests that wait, and that run, at each server, as of the last probe."""
        if self._view is not None:
            return self._view.waiting, self._view.running
        return self._engine.waiting, self._engine.running

    def probe(self) -> None:
        """Look at the servers, for all that is decided until the next probe."""
        self._view = self._engine.observe()

    def candidates(self, request: Request) -> Ints:
        """The servers that have a request's model."""
        return self._candidates[request.model]

    def servers_of(self, model: int) -> Ints:
        """The servers that have a model, by its number in the block of arrivals."""
        return self._candidates[model]

    def true_output_tokens(self, request: int) -> int:
        """How long an answer will be. Raises ContractError for a policy whose name does not begin with Oracle."""
        if not self.oracle:
            expected = "a policy whose name begins with Oracle"
            raise ContractError("true_output_tokens", expected=expected, got="another", fix="rename it, or do without")
        return self._truth[request]

    @cached_property
    def costs(self) -> tuple[StepCost, ...]:
        """What steps cost, as far as is known: by `ServerSpec.cost`, each off by a draw of ``cost_error``."""
        draw = stream(self.seed, "fleet", "cost error")
        return tuple(cost.times(float(np.exp(self.cost_error * draw.standard_normal()))) for cost in self.fleet.costs)

    def least_loaded(self, role: int) -> int:
        """The active server of a role with the fewest requests."""
        fits = np.flatnonzero((self.roles == role) & self.active)
        if not len(fits):
            raise ContractError("fleet pools", expected="an active server that decodes", got="none", fix="add one")
        return self.least_busy(fits)

    def live(self) -> NDArray[np.void]:
        """The requests in servers (`LIVE` rows), as they are."""
        return self._engine.live()

    def queue(self, server: int) -> NDArray[np.void]:
        """The requests that wait at a server (`LIVE` rows), from the head of its queue."""
        return self._engine.queue(server)

    def adapters(self, server: int) -> Ints:
        """The adapters that a server has loaded."""
        return self._engine.adapters(server)

    # For the simulator.

    def learn(self, block: Arrivals, first_id: int, *, any_model: bool = False) -> None:
        """A block of arrivals is coming: which servers have its models. Raises InputError where none has one.

        With `any_model` a request that names no model may go to every server.
        """
        names = [server.pool.model for server in self.fleet.servers]
        asked = block.models or ("",)
        self.wide.check("arrivals region", block.regions)
        self._homes = block.regions
        if asked == ("",) and len(set(names)) > 1 and not any_model:
            expected = f"the model of every request, one of {', '.join(dict.fromkeys(names))}"
            raise InputError("arrivals model", expected=expected, got="none", fix="name models in the workload")
        for model in asked:
            if model and model not in names:
                known = ", ".join(dict.fromkeys(names))
                raise InputError(
                    "arrivals model", expected=f"a model of the fleet ({known})", got=model, fix="add a pool"
                )
        self._candidates = [np.array([k for k, name in enumerate(names) if model in ("", name)]) for model in asked]
        self._serving = [frozenset(servers.tolist()) for servers in self._candidates]
        if self.oracle:
            self._truth = dict(enumerate(block.output_tokens.tolist(), first_id))

    def serves(self, server: int, request: Request) -> bool:
        """Whether a server has a request's model."""
        return server in self._serving[request.model]


def requests_of(block: Arrivals, first_id: int) -> list[Request]:
    """The requests of a block as policies see them."""
    columns = [block.time_s, block.input_tokens]
    columns += [block.column("priority"), block.column("model"), block.column("region")]
    columns += [block.column("session", -1), block.column("query", -1), block.column("adapter", -1)]
    hashes: list[tuple[int, ...]] = [()] * len(block)
    if len(block.hash_starts):
        ids, starts = block.hash_ids.tolist(), block.hash_starts.tolist()
        stops = np.minimum(block.hash_starts[1:], block.hash_starts[:-1] + block.input_tokens // block.hash_tokens)
        hashes = [tuple(ids[start:stop]) for start, stop in zip(starts, stops.tolist())]  # blocks of answers are hidden
    places = range(first_id, first_id + len(block))
    return list(map(Request._make, zip(places, *(column.tolist() for column in columns), hashes, strict=True)))
