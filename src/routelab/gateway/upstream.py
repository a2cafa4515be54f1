"""Where the arms of a pool are served, and what a request looks like there. Opens no sockets.

Endpoints are those of ``pool.live``. A request is passed on as it came, but for what the arm says: its model, its
effort, its prompt policy. The key is read from the environment when a call is made.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from routelab.core import Arm, InputError, PrerequisiteError, Price
from routelab.core.config import convert
from routelab.core.errors import shorten
from routelab.pool.live import Endpoints, Policy, policy_of

LIMITS = ("max_tokens", "max_completion_tokens")


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The options of the back-end ``openai``; ``retries`` is for collecting only."""

    base_url: str
    key_env: str | None = None
    body: dict[str, Any] = {}
    timeout_s: float = 120.0
    retries: int = 0


@dataclass(frozen=True)
class Upstream:
    """Where one arm is served, and at what price."""

    arm: Arm
    options: Options
    policy: Policy
    price: Price | None

    @property
    def url(self) -> str:
        return self.options.base_url.rstrip("/") + "/chat/completions"

    @property
    def key(self) -> str | None:
        """The key from the environment; raises PrerequisiteError where it is not there."""
        name = self.options.key_env
        if name and not os.environ.get(name):
            raise PrerequisiteError(
                f"arm {self.arm}",
                expected=f"an API key in the environment variable {name}",
                got="nothing",
                fix=f"export {name}=…",
            )
        return os.environ[name] if name else None

    def body(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The request for this arm. A policy's bound holds where the arm names one and the request has none."""
        body = asked | {"model": self.arm.model.partition("/")[2] or self.arm.model}
        if self.policy.instruction:
            body["messages"] = [{"role": "system", "content": self.policy.instruction}, *asked["messages"]]
        if self.arm.policy and not any(asked.get(limit) for limit in LIMITS):
            body["max_tokens"] = self.policy.max_tokens
        if self.arm.effort:
            body["reasoning_effort"] = self.arm.effort
        if asked.get("stream"):
            body["stream_options"] = streaming(asked) | {"include_usage": True}
        return {name: value for name, value in (body | self.options.body).items() if value is not None}


def streaming(asked: dict[str, Any]) -> dict[str, Any]:
    """The request's own options of its stream; raises InputError where they are none."""
    options = asked.get("stream_options") or {}
    if not isinstance(options, dict):
        raise InputError("stream_options", expected="an object", got=shorten(options), fix="correct it")
    return options


def upstreams(known: Endpoints, arms: Iterable[str]) -> dict[str, Upstream]:
    """Every arm's upstream; raises InputError for one that is not served over HTTP, PrerequisiteError for no key."""
    found = {}
    for arm in arms:
        provider, card = known.provider(arm), known.card(arm)
        if provider.backend != "openai":
            raise InputError(
                f"arm {arm}",
                expected="a provider with the back-end openai",
                got=f"the back-end {provider.backend}",
                fix="name an OpenAI-compatible server of this model in the endpoints file",
            )
        options = convert(provider.options, Options, f"options of the provider of {arm}")
        found[arm] = Upstream(Arm.parse(arm), options, policy_of(arm), card.price_on() if card else None)
        _ = found[arm].key
    return found
