"""Prediction-powered inference: many judged scores, put right by a few human labels.

``value = λ · mean(judged) + mean(human − λ · judged_labelled)``: unbiased for any λ whatever the judge does, as
long as the labelled items are a random sample of all. PPI (Angelopoulos et al. 2023, arXiv 2301.09633) is λ = 1;
the power tuning of PPI++ (2311.01453) takes the λ of least variance, so that a useless judge costs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from routelab.core.decisions import Floats
from routelab.core.errors import InputError

FEWEST_LABELS = 10

Values = npt.NDArray[np.float64] | Sequence[float]


class Estimated(NamedTuple):
    """A mean, its standard error, the part of it that comes from labels, and the weight λ of the judge."""

    value: float
    se: float
    label_se: float
    power: float


def ppi_mean(
    judged: Values, judged_labelled: Values, human_labelled: Values, *, power: float | None = None
) -> Estimated:
    """The mean human score of all items.

    ``judged`` (N,) are the judge's scores of items without a label, the others (n,) the judge's and the human's
    of the labelled ones, in one order. ``power`` fixes λ; None tunes it. Raises InputError for too few labels.

    >>> round(ppi_mean([0.9] * 90, [0.9] * 10, [0.6, 0.8] * 5).value, 9)
    0.7
    """
    f = np.asarray(judged, float)
    g, y = np.asarray(judged_labelled, float), np.asarray(human_labelled, float)
    n, unlabelled = len(y), len(f)
    if n < FEWEST_LABELS or len(g) != n:
        raise InputError(
            "labels",
            expected=f"at least {FEWEST_LABELS} labels, each with the judge's score",
            got=f"{n} labels, {len(g)} of them judged",
            fix="label more answers",
        )
    if not unlabelled:
        se = float(y.std(ddof=1) / np.sqrt(n))
        return Estimated(float(y.mean()), se, se, 0.0)
    weight = _tuned(f, g, y) if power is None else power
    value = weight * f.mean() + (y - weight * g).mean()
    judge_variance = weight**2 * np.concatenate([f, g]).var(ddof=1) / unlabelled
    label_variance = (y - weight * g).var(ddof=1) / n
    se, label_se = np.sqrt(judge_variance + label_variance), np.sqrt(label_variance)
    return Estimated(float(value), float(se), float(label_se), float(weight))


def ppi_difference(
    judged: tuple[Values, Values], judged_labelled: tuple[Values, Values], human_labelled: tuple[Values, Values]
) -> Estimated:
    """The mean human difference first − second of paired items, each side (N,) or (n,) in one order."""
    sides = (judged, judged_labelled, human_labelled)
    all_judged, some_judged, human = (np.asarray(a, float) - np.asarray(b, float) for a, b in sides)
    return ppi_mean(all_judged, some_judged, human)


def _tuned(f: Floats, g: Floats, y: Floats) -> float:
    """λ = Cov(human, judged) / ((1 + n/N) Var(judged)), kept within [0, 1]."""
    variance = np.concatenate([f, g]).var(ddof=1)
    if variance < 1e-12:
        return 1.0
    covariance = float(np.cov(y, g)[0, 1])
    return float(np.clip(covariance / ((1 + len(y) / len(f)) * variance), 0.0, 1.0))
