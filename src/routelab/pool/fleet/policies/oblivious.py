"""Routing without looking at any server: in turn, at random, by session, by length."""

from __future__ import annotations

import numpy as np

from routelab.core.arrivals import Arrivals
from routelab.core.decisions import Ints
from routelab.core.seeds import stream
from routelab.pool.fleet.control import Control
from routelab.pool.fleet.policy import Policy


class ByModel(Policy):
    """Chooses for all requests of one model at once, among the servers that have it."""

    def assign(self, arrivals: Arrivals, fleet: Control) -> Ints:
        models, chosen = arrivals.column("model"), np.zeros(len(arrivals), dtype=np.int64)
        for model in np.unique(models).tolist():
            rows = np.flatnonzero(models == model)
            chosen[rows] = self.choose(arrivals, rows, fleet.servers_of(model))
        return chosen

    def choose(self, arrivals: Arrivals, rows: Ints, servers: Ints) -> Ints:
        """The servers for some rows of the arrivals."""
        raise NotImplementedError


class RoundRobin(ByModel):
    """The servers of a model in turn."""

    def start(self, fleet: Control) -> None:
        self._next = 0

    def choose(self, arrivals: Arrivals, rows: Ints, servers: Ints) -> Ints:
        turns = self._next + np.arange(len(rows))
        self._next += len(rows)
        return servers[turns % len(servers)]


class Random(ByModel):
    """Any server, each as likely as the others."""

    def start(self, fleet: Control) -> None:
        self._draw = stream(fleet.seed, "random policy")

    def choose(self, arrivals: Arrivals, rows: Ints, servers: Ints) -> Ints:
        return servers[self._draw.integers(len(servers), size=len(rows))]


class ConsistentHash(ByModel):
    """The server that owns a session's place on a ring; requests without a session are sessions of their own.

    Each server owns many places, so that a server more or less moves few sessions (Karger et al., STOC'97).
    """

    places = 64

    def choose(self, arrivals: Arrivals, rows: Ints, servers: Ints) -> Ints:
        keys = arrivals.column("session", -1)[rows]
        keys = np.where(keys < 0, -1 - rows, keys)
        owners = np.repeat(servers, self.places)
        ring = _mixed(owners * np.int64(self.places) + np.tile(np.arange(self.places), len(servers)))
        order = np.argsort(ring)
        found = np.searchsorted(ring[order], _mixed(keys)) % len(ring)
        return owners[order][found]


class LengthPools(ByModel):
    """Short prompts to the first servers, long ones to the last, each server for an equal share of the tokens seen."""

    def choose(self, arrivals: Arrivals, rows: Ints, servers: Ints) -> Ints:
        lengths = arrivals.input_tokens[rows]
        order = np.argsort(lengths, kind="stable")
        share = (np.cumsum(lengths[order]) - lengths[order] / 2) / lengths.sum()
        chosen = np.empty(len(rows), dtype=np.int64)
        chosen[order] = servers[np.minimum((share * len(servers)).astype(np.int64), len(servers) - 1)]
        return chosen


def _mixed(values: Ints) -> Ints:
    """Well spread 63-bit numbers from integers (the finaliser of splitmix64)."""
    mixed = values.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((mixed ^ (mixed >> np.uint64(31))) >> np.uint64(1)).astype(np.int64)
