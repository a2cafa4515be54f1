"""Notices a hook of a policy that does not return, at no cost for those that do."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from routelab.core.errors import ContractError
from routelab.pool.fleet.jit import compiling


class Hooks:
    """Which hook of which policy is running, and how many ran before it."""

    def __init__(self, policy: str) -> None:
        self.policy, self.running, self.count = policy, "", 0

    def enter(self, hook: str) -> None:
        self.running = hook
        self.count += 1

    def error(self, got: str, expected: str = "a hook that returns") -> ContractError:
        return ContractError(f"policy {self.policy} {self.running}", expected=expected, got=got, fix="mend the policy")


@contextmanager
def watched(hooks: Hooks, limit_s: float) -> Iterator[None]:
    """Raise ContractError out of a hook that runs for longer than about twice the limit. In the main thread only.

    The first use of a verb may compile it, for which the hook cannot help.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    seen = -1

    def look(_: int, __: Any) -> None:
        nonlocal seen
        if compiling():
            seen = -1
            return
        if hooks.running and hooks.count == seen:
            raise hooks.error(f"none after {limit_s:.0f} s")
        seen = hooks.count

    before = signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, limit_s, limit_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
