"""What calls cost, before and after they are made, and a cap that is never crossed.

Estimates are deliberately coarse: nobody's tokenizer is loaded. The likely figure is for people; the bound is
what a cap reserves before a call starts. Makes no calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import ceil

import msgspec

from routelab.core import Completion, InputError, Price, Query, SpendCapError
from routelab.pool.live.cpu_rate import CpuRate
from routelab.pool.live.policies import policy_of

BYTES_PER_TOKEN = 4.0
FEWEST_BYTES_PER_TOKEN = 2.0
TEMPLATE_TOKENS = 8


class Tariff(msgspec.Struct, frozen=True):
    """How one arm is billed: by the processor time of a local call where a rate is given, else by tokens."""

    price: Price | None = None
    cpu_rate: CpuRate | None = None

    def cost_usd(self, completion: Completion) -> float | None:
        """The bill of a call that was made, None where nothing is known to bill it by."""
        measured = self.cpu_rate.cost_usd(completion) if self.cpu_rate else None
        if measured is not None:
            return measured
        if self.price is None or completion.input_tokens is None or completion.output_tokens is None:
            return None
        return self.price.cost_usd(
            completion.input_tokens,
            completion.output_tokens,
            completion.cached_tokens or 0,
            completion.reasoning_tokens or 0,
        )

    def at_most_usd(self, query: Query, arm: str) -> float | None:
        """A bound on the bill of a call that is about to be made, None where no price is known."""
        tokens = _input_tokens(query, arm, FEWEST_BYTES_PER_TOKEN)
        return None if self.price is None else self.price.cost_usd(tokens, policy_of(arm).max_tokens)


class ArmPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What collecting one arm would take; ``usd`` assumes answers of full permitted length."""

    arm: str
    calls: int
    input_tokens: int
    output_tokens: int
    usd: float | None


def preview(
    queries: Sequence[Query], arms: Iterable[str], tariffs: Mapping[str, Tariff], samples: int = 1
) -> list[ArmPreview]:
    """Estimated tokens and dollars of every arm over these queries; nothing is called."""
    found = []
    for arm in arms:
        asked = samples * sum(_input_tokens(query, arm, BYTES_PER_TOKEN) for query in queries)
        written = samples * len(queries) * policy_of(arm).max_tokens
        price = tariffs.get(arm, Tariff()).price
        calls = samples * len(queries)
        usd = None if price is None else price.cost_usd(asked, written) + (calls - 1) * price.per_call_usd
        found.append(ArmPreview(arm=arm, calls=calls, input_tokens=asked, output_tokens=written, usd=usd))
    return found


class Purse:
    """The money of one run: ``reserve`` before a call, ``settle`` after it. Not for several threads."""

    def __init__(self, cap_usd: float | None) -> None:
        if cap_usd is not None and not cap_usd >= 0:
            raise InputError("spend cap", expected="a number of at least 0", got=str(cap_usd), fix="set it higher")
        self._cap_usd = cap_usd
        self._reserved_usd = 0.0
        self.spent_usd = 0.0

    def reserve(self, arm: str, at_most_usd: float | None) -> float:
        """Set money aside; raises SpendCapError where the cap could be crossed, InputError without a price."""
        if self._cap_usd is None:
            return 0.0
        if at_most_usd is None:
            raise InputError(f"arm {arm}", expected="a price, to keep the spend cap", got="none", fix="price its model")
        if self.spent_usd + self._reserved_usd + at_most_usd > self._cap_usd:
            raise SpendCapError(
                "collect",
                expected=f"at most {self._cap_usd:g} USD",
                got=f"{self.spent_usd:.6g} USD spent and a next call of up to {at_most_usd:.6g} USD",
                fix="raise the cap and run the same command again: it continues",
            )
        self._reserved_usd += at_most_usd
        return at_most_usd

    def settle(self, reserved_usd: float, cost_usd: float | None) -> None:
        """Give back what was set aside and book what it cost; an unknown bill is booked in full."""
        self._reserved_usd -= reserved_usd
        self.spent_usd += reserved_usd if cost_usd is None else cost_usd


def _input_tokens(query: Query, arm: str, bytes_per_token: float) -> int:
    turns = policy_of(arm).turns(query.turns)
    return sum(ceil(len(turn.content.encode()) / bytes_per_token) + TEMPLATE_TOKENS for turn in turns)
