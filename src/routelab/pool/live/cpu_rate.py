"""What a local call costs: the processor time it took, at a declared and dated rate.

The rate is this project's own declaration, not a market price; a table recorded with it can be re-priced.
Fitting turns measured calls into prices per token, so that calls nobody measured can be estimated.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import msgspec
import numpy as np
from scipy.optimize import nnls

from routelab.core import Completion, InputError, Price


class LocalCompletion(Completion, frozen=True, kw_only=True):
    """An answer together with the processor seconds it took, over all threads."""

    cpu_s: float


class CpuRate(msgspec.Struct, frozen=True, kw_only=True):
    """US dollars per virtual-CPU hour and watts per virtual CPU, with the day and authority of the declaration."""

    usd_per_vcpu_hour: float
    watts_per_vcpu: float
    date: dt.date
    source: str

    def cost_usd(self, completion: Completion) -> float | None:
        """The bill of one local call, None where its processor time is not known.

        >>> DECLARED.cost_usd(LocalCompletion(text="", cpu_s=3600.0))
        0.04
        """
        return completion.cpu_s * self.usd_per_vcpu_hour / 3600 if isinstance(completion, LocalCompletion) else None

    def price(self, input_tokens: Sequence[int], output_tokens: Sequence[int], cpu_s: Sequence[float]) -> Price:
        """Non-negative least squares of CPU-seconds on input and output tokens, as a price per token."""
        tokens = np.column_stack([input_tokens, output_tokens]).astype(np.float64)
        if len(tokens) < 2:
            raise InputError("price fit", expected="at least 2 calls", got=str(len(tokens)), fix="record more calls")
        seconds, _ = nnls(tokens, np.asarray(cpu_s, np.float64))
        usd_per_mtok = seconds * self.usd_per_vcpu_hour / 3600 * 1e6
        return self.per_token(*usd_per_mtok, calls=len(tokens))

    def per_token(self, input_usd_per_mtok: float, output_usd_per_mtok: float, *, calls: int) -> Price:
        """A fitted price, to four decimals, that says how it came about."""
        return Price(
            input_usd_per_mtok=round(float(input_usd_per_mtok), 4),
            output_usd_per_mtok=round(float(output_usd_per_mtok), 4),
            date=self.date,
            source=f"{self.source}; fitted to {calls} measured calls",
        )


DECLARED = CpuRate(
    usd_per_vcpu_hour=0.04,
    watts_per_vcpu=4.0,
    date=dt.date(2026, 11, 21),
    source="declared by this project: CPU-seconds at 0.04 USD per vCPU-hour",
)
