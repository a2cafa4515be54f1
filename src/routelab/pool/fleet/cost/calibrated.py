"""The calibrated roofline: a few named factors, fitted on measurements, with draws that say how sure they are.

A factor is an overall value times one for the backend and one for the data type, both shrunk to 1 (a hierarchical
model, at its mode). Errors are fitted in logarithms under a robust loss, and every model weighs as much as the root of
its points. Knows no engine; what it was fitted on stands in `fitted_on`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
from scipy.optimize import least_squares

from routelab.core.decisions import Floats, Ints
from routelab.core.errors import InputError
from routelab.core.files import read_text, write_text
from routelab.core.seeds import stream
from routelab.pool.fleet.cost.closed_loop import ENGINE, NAMES, Work, count_work, predict
from routelab.pool.fleet.cost.points import Point
from routelab.pool.fleet.cost.roofline import Factors

SHIPPED = Path(__file__).with_name("factors.json")
GUESS = {
    **{"compute": 0.7, "bandwidth": 0.8, "experts_compute": 0.35, "experts_bandwidth": 0.6},
    **{"attention_compute": 0.55, "attention_bandwidth": 0.6, "link": 0.5, "hop_s": 8e-6, "launch_s": 4e-6},
    **{"step_s": 1e-3, "sequence_s": 1e-5, "request_s": 0.015, "burst": 0.05},
    **{"eager_s": 3e-5, "eager_experts_s": 8e-4, "eager_latent_s": 1e-3},
}
"""Where a fit without a prior starts, and what it is drawn to."""
SPREAD = {
    **{"compute": 0.4, "bandwidth": 0.25, "experts_compute": 0.4, "experts_bandwidth": 0.25},
    **{"attention_compute": 0.05, "attention_bandwidth": 0.4, "link": 0.5, "hop_s": 0.5, "launch_s": 0.5},
    **{"step_s": 0.7, "sequence_s": 0.7, "request_s": 0.5, "burst": 0.5},
    **{"eager_s": 0.7, "eager_experts_s": 0.7, "eager_latent_s": 0.7},
}
"""Standard deviations of the logarithms of the overall factors, before anything is measured."""
_COMPUTE, _BANDWIDTH = ("compute", "experts_compute", "attention_compute"), ("bandwidth", "experts_bandwidth")
BY_BACKEND = {
    "compute": (_COMPUTE, 0.1),
    "bandwidth": ((*_BANDWIDTH, "attention_bandwidth"), 0.1),
    "hop_s": (("hop_s",), 0.15),
    "overhead": (("launch_s", "step_s"), 0.2),
    "request_s": (("request_s",), 0.3),
    "burst": (("burst",), 0.2),
    "eager_s": (("eager_s",), 0.3),
    "eager_layers_s": (("eager_experts_s", "eager_latent_s"), 0.6),
}
BY_DTYPE = {"compute": (_COMPUTE[:2], 0.4), "bandwidth": (_BANDWIDTH, 0.4)}
"""What moves together with the backend and with the data type of the weights, and how far."""
TIGHTNESS = 3.0  # how much a standard deviation of the prior weighs against one of a point
SCALE = {"tpot": 0.12, "ttft": 0.15}  # errors of this size are usual; larger ones count less and less
QUANTILES = np.linspace(0.01, 0.99, 50)


class Calibration(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Factors by label (``compute``, ``compute@vllm``, ``compute@fp8``), draws of them, and the errors that are left.

    ``ttft_errors``, ``tpot_errors``: quantiles of the logarithm of measured over predicted, each model held out in turn
    (where there is only one, in the fit).
    """

    fitted_on: str
    points: int
    factors: dict[str, float]
    draws: dict[str, list[float]]
    ttft_errors: list[float]
    tpot_errors: list[float]

    def engine(self, backend: str = "", dtype: str = "bf16") -> Factors:
        """What the analytic model takes."""
        values = _columns(self.factors, [Point(model="", gpu="", backend=backend, dtype=dtype)])[0]
        return Factors(**dict(zip(NAMES[: len(ENGINE)], map(float, values))))

    def predict(self, points: Sequence[Point], level: float = 0.9) -> tuple[Floats, Floats]:
        """(N, 3) TTFT and TPOT (or step) in seconds: the median and the ends of a prediction interval."""
        work = count_work(points)
        many = [{label: values[draw] for label, values in self.draws.items()} for draw in range(self.draw_count)]
        drawn = [predict(work, _columns(factors, points)) for factors in many]
        middle = predict(work, _columns(self.factors, points))
        ends = (0.5, (1 - level) / 2, (1 + level) / 2)
        found = []
        for which, errors in enumerate((self.ttft_errors, self.tpot_errors)):
            logs = np.log([each[which] for each in drawn] or [middle[which]])
            logs = logs - np.median(logs, axis=0) + np.log(middle[which])
            spread = logs[:, None, :] + np.array(errors or [0.0])[None, :, None]
            found.append(np.exp(np.quantile(spread.reshape(-1, len(points)), ends, axis=0)).T)
        return found[0], found[1]

    @property
    def draw_count(self) -> int:
        return min((len(values) for values in self.draws.values()), default=0)

    def save(self, path: Path) -> None:
        """Write JSON, atomically."""
        write_text(path, msgspec.json.format(msgspec.json.encode(self), indent=1).decode() + "\n")


def load_calibration(path: Path | None = None) -> Calibration:
    """A calibration that was saved; without a path the one that ships. Raises InputError."""
    place = path or SHIPPED
    expected, fix = "a calibration as `routelab fleet calibrate` writes it", "calibrate again"
    try:
        found = msgspec.json.decode(read_text(place, what="a calibration"), type=Calibration)
    except msgspec.DecodeError as error:
        raise InputError(str(place), expected=expected, got=str(error), fix=fix) from None
    if missing := [name for name in NAMES if name not in found.factors]:
        raise InputError(f"{place} factors", expected=expected, got=f"no {', '.join(missing)}", fix=fix)
    return found


def fit(
    points: Sequence[Point],
    *,
    fitted_on: str,
    prior: Calibration | None = None,
    draws: int = 20,
    seed: int = 0,
) -> Calibration:
    """Fit the factors, draw configurations anew for their spread, and hold out models for the errors.

    With a ``prior`` few points are enough: what they do not tell stays as it was.
    """
    problem = _Problem(points, prior)
    centre = problem.solve(np.arange(len(points)))
    names = np.array(["/".join(point.configuration) for point in points])
    groups = [np.flatnonzero(names == name) for name in dict.fromkeys(names)]
    rng = stream(seed, "fleet", "calibrate")
    drawn = []
    for _ in range(draws):
        picked = rng.integers(len(groups), size=len(groups))
        drawn.append(problem.solve(np.concatenate([groups[each] for each in picked]), centre))
    ttft, tpot = held_out(points, np.array([point.model for point in points]), problem, centre)
    return Calibration(
        fitted_on=fitted_on,
        points=len(points),
        factors=problem.named(centre),
        draws={label: [float(f"{np.exp(x[place]):.4g}") for x in drawn] for place, label in enumerate(problem.labels)},
        ttft_errors=_quantiles(ttft),
        tpot_errors=_quantiles(tpot),
    )


def held_out(
    points: Sequence[Point], groups: np.ndarray, problem: _Problem | None = None, start: Floats | None = None
) -> tuple[Floats, Floats]:
    """Logarithms of measured over predicted TTFT and TPOT, every group predicted from all the others."""
    problem = problem or _Problem(points, None)
    names = list(dict.fromkeys(groups))
    errors = np.full((2, len(points)), np.nan)
    for name in names:
        mine = np.flatnonzero(groups == name)
        others = np.flatnonzero(groups != name) if len(names) > 1 else mine
        errors[:, mine] = problem.errors(problem.solve(others, start), mine)
    return errors[0], errors[1]


class _Problem:
    """The least-squares problem of some points: parameters are logarithms, one a label."""

    def __init__(self, points: Sequence[Point], prior: Calibration | None) -> None:
        self.points = points
        self.work: Work = count_work(points)
        known = prior.factors if prior else GUESS
        spread = dict(SPREAD)
        for groups, tags in (
            (BY_BACKEND, {point.backend for point in points if point.backend}),
            (BY_DTYPE, {point.dtype for point in points}),
        ):
            spread |= {f"{group}@{tag}": deviation for tag in sorted(tags) for group, (_, deviation) in groups.items()}
        spread |= {label: 0.2 for label in known if label not in spread}
        self.labels = list(spread)
        self.centre = np.log([known.get(label, 1.0) for label in self.labels])
        self.deviation = np.array(list(spread.values())) / TIGHTNESS
        self.moves = _moves(self.labels, points)
        self.measured = np.array([_seconds(point) for point in points]).T  # (2, N)
        names, place, counts = np.unique([point.model for point in points], return_inverse=True, return_counts=True)
        self.weights = (counts[place] / (len(points) / len(names))) ** -0.25  # a quarter: residuals are squared

    def errors(self, x: Floats, rows: Ints) -> Floats:
        columns = np.exp(np.tensordot(self.moves[rows], x, axes=1))
        predicted = np.array(predict(self.work.take(rows), columns))
        found: Floats = np.log(self.measured[:, rows] / predicted)
        return found

    def solve(self, rows: Ints, start: Floats | None = None) -> Floats:
        scale = np.array([[SCALE["ttft"]], [SCALE["tpot"]]])
        present = np.isfinite(self.measured[:, rows])

        def residuals(x: Floats) -> Floats:
            z = (self.weights[rows] * self.errors(x, rows) / scale)[present]
            robust = np.sign(z) * np.sqrt(2 * (np.sqrt(1 + z * z) - 1))
            return np.concatenate([robust, (x - self.centre) / self.deviation])

        begin = self.centre if start is None else start
        found: Floats = least_squares(residuals, begin, max_nfev=40, xtol=1e-4, ftol=1e-4).x
        return found

    def named(self, x: Floats) -> dict[str, float]:
        return {label: float(f"{value:.4g}") for label, value in zip(self.labels, np.exp(x))}


def _seconds(point: Point) -> tuple[float, float]:
    tpot = point.step_ms or point.tpot_ms
    return (point.ttft_ms / 1e3 if point.ttft_ms else np.nan, tpot / 1e3 if tpot else np.nan)


def _moves(labels: Sequence[str], points: Sequence[Point]) -> Floats:
    """(N, 16, labels): which labels a factor of a point is the product of."""
    moves = np.zeros((len(points), len(NAMES), len(labels)))
    for place, label in enumerate(labels):
        group, _, tag = label.partition("@")
        if not tag:
            moves[:, NAMES.index(group), place] = 1.0
            continue
        by_backend = np.array([point.backend == tag for point in points])
        by_dtype = np.array([point.dtype == tag for point in points])
        for groups, rows in ((BY_BACKEND, by_backend), (BY_DTYPE, by_dtype)):
            for name in groups.get(group, ((), 0.0))[0]:
                moves[rows, NAMES.index(name), place] = 1.0
    return moves


def _columns(factors: dict[str, float], points: Sequence[Point]) -> Floats:
    found: Floats = np.exp(np.tensordot(_moves(list(factors), points), np.log(list(factors.values())), axes=1))
    return found


def _quantiles(errors: Floats) -> list[float]:
    finite = errors[np.isfinite(errors)]
    return [float(f"{value:.4f}") for value in np.quantile(finite, QUANTILES)] if len(finite) else []
