"""Processes have the rate, the burstiness and the day they are asked for; lengths have their mean and quantiles."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from routelab.core.errors import InputError
from routelab.core.seeds import stream
from routelab.workload.arrivals import (
    LONG,
    MEDIUM,
    SHORT,
    Diurnal,
    Fixed,
    Gamma,
    Hawkes,
    Lognormal,
    OnOff,
    Poisson,
    PowerLaw,
    Quantiles,
    Together,
    Uniform,
    Weibull,
)
from routelab.workload.arrivals.processes import AnyProcess

RATES = st.floats(0.01, 1000)
PROCESSES: st.SearchStrategy[AnyProcess] = st.one_of(
    st.builds(Poisson, rate=RATES),
    st.builds(Gamma, rate=RATES, cv=st.floats(0.05, 8)),
    st.builds(Weibull, rate=RATES, cv=st.floats(0.05, 8)),
    st.builds(Hawkes, rate=RATES, branching=st.floats(0, 0.9), decay_s=st.floats(0.001, 1)),
    st.builds(OnOff, rate=RATES, on_s=st.floats(0.1, 50), off_s=st.floats(0.1, 50), idle=st.floats(0, 1)),
    st.builds(Diurnal, rate=RATES, period_s=st.floats(1, 1e5), shift_s=st.floats(0, 1e5), cv=st.floats(0.2, 4)),
)


@given(PROCESSES, st.integers(0, 300), st.integers(0, 99))
def test_times_are_in_order_and_of_the_number_asked_for(process: AnyProcess, n: int, seed: int) -> None:
    times = process.times(stream(seed, "t"), n=n)
    assert len(times) == n
    assert (np.diff(times, prepend=0.0) >= 0).all()
    assert np.isfinite(times).all()
    assert times.tobytes() == process.times(stream(seed, "t"), n=n).tobytes()


@given(PROCESSES, st.floats(0, 3), st.integers(0, 99))
def test_times_end_before_the_horizon(process: AnyProcess, horizon_s: float, seed: int) -> None:
    times = process.times(stream(seed, "t"), horizon_s=horizon_s)
    assert (np.diff(times, prepend=0.0) >= 0).all()
    assert not len(times) or times[-1] <= horizon_s
    assert len(process.times(stream(seed, "t"), n=5, horizon_s=horizon_s)) <= 5


@pytest.mark.parametrize(
    ("process", "dispersion"),
    [
        (Poisson(rate=20), 1),
        (Gamma(rate=20, cv=0.5), 0.25),
        (Gamma(rate=20, cv=3), 9),
        (Weibull(rate=20, cv=3), 9),
        (Hawkes(rate=20, branching=0.6, decay_s=0.5), 6.25),
        (OnOff(rate=20, on_s=1, off_s=3), 1 + 2 * 80**2 * (1 / 4) * (3 / 4) * (3 / 4) / 20),
        (Diurnal(rate=20, period_s=7), 1),
        (Together(parts=(Poisson(rate=15), Gamma(rate=5, cv=3))), 3),
    ],
    ids=lambda value: type(value).__name__,
)
def test_counts_have_the_mean_and_dispersion_of_theory(process: AnyProcess, dispersion: float) -> None:
    """Variance over mean of the counts in long windows: cv² of renewals, (1 − branching)⁻² of Hawkes, and so on."""
    times = process.times(stream(3, "t"), horizon_s=70_000)
    counts = np.bincount((times // 70).astype(int), minlength=1000)
    error = np.sqrt(dispersion / len(times))
    assert counts.mean() / 1400 == pytest.approx(1, abs=5 * error)
    assert counts.var() / counts.mean() == pytest.approx(dispersion, rel=0.25)


@pytest.mark.parametrize("kind", [Gamma, Weibull])
@pytest.mark.parametrize("cv", [0.3, 1.0, 2.5])
def test_gaps_have_their_coefficient_of_variation(kind: type[Gamma | Weibull], cv: float) -> None:
    gaps = np.diff(kind(rate=7, cv=cv).times(stream(1, "t"), n=200_000))
    assert gaps.std() / gaps.mean() == pytest.approx(cv, rel=0.03)


@pytest.mark.parametrize("kind", [Gamma, Weibull])
def test_a_bursty_process_has_its_rate_from_the_first_second_on(kind: type[Gamma | Weibull]) -> None:
    counts = [len(kind(rate=1, cv=4).times(stream(seed, "t"), horizon_s=1)) for seed in range(20_000)]
    assert np.mean(counts) == pytest.approx(1, abs=5 * np.std(counts) / np.sqrt(len(counts)))


def test_a_day_follows_its_curve_and_a_shift_moves_it() -> None:
    curve = (0.0, 1.0, 3.0)
    times = Diurnal(rate=50, curve=curve, period_s=3).times(stream(0, "t"), horizon_s=3000)
    moved = Diurnal(rate=50, curve=curve, period_s=3, shift_s=1).times(stream(0, "t"), horizon_s=3000)
    assert np.bincount((times % 3).astype(int), minlength=3) / 1000 == pytest.approx([0, 37.5, 112.5], rel=0.02)
    assert np.bincount((moved % 3).astype(int), minlength=3) / 1000 == pytest.approx([37.5, 112.5, 0], rel=0.02)


@pytest.mark.parametrize(
    ("process", "field"),
    [
        (Poisson(rate=-1), "rate"),
        (Poisson(rate=float("nan")), "rate"),
        (Gamma(rate=1, cv=0), "cv"),
        (Hawkes(rate=1, branching=1, decay_s=1), "branching"),
        (Together(parts=(Poisson(rate=0),)), "parts"),
    ],
)
def test_a_parameter_out_of_range_is_named(process: AnyProcess, field: str) -> None:
    with pytest.raises(InputError, match=rf"\$\.{field}"):
        process.times(stream(0, "t"), n=1)


def test_something_must_end_a_process() -> None:
    with pytest.raises(InputError, match="neither"):
        Poisson(rate=1).times(stream(0, "t"))
    with pytest.raises(InputError, match="horizon_s"):
        Poisson(rate=1).times(stream(0, "t"), horizon_s=float("inf"))


@pytest.mark.parametrize(("length", "mean", "p99"), [(SHORT, 128, 1464), (MEDIUM, 256, 4208), (LONG, 512, 5166)])
def test_power_laws_are_those_of_llumnix(length: PowerLaw, mean: float, p99: float) -> None:
    drawn = length.draw(stream(0, "l"), 2_000_000)
    assert drawn.mean() == pytest.approx(mean, rel=0.01)
    assert np.quantile(drawn, 0.99) == pytest.approx(p99, rel=0.01)
    assert 1 <= drawn.min() <= drawn.max() <= 6144


def test_a_power_law_that_cannot_be_is_refused() -> None:
    with pytest.raises(InputError, match="power-law"):
        PowerLaw(mean=100, p99=50).draw(stream(0, "l"), 1)


def test_lengths_have_their_moments_and_quantiles() -> None:
    lognormal = Lognormal(mean=300, cv=1.5).draw(stream(0, "l"), 500_000)
    assert (lognormal.mean(), lognormal.std()) == pytest.approx((300, 450), rel=0.03)
    levels, values = (0.1, 0.5, 0.9, 0.99), (10, 100, 400, 2000)
    table = Quantiles(levels=levels, values=values, mean=230).draw(stream(0, "l"), 500_000)
    assert np.quantile(table, levels) == pytest.approx(values, rel=0.04)
    assert table.mean() == pytest.approx(230, rel=0.02)
    assert set(Uniform(least=3, most=5).draw(stream(0, "l"), 100).tolist()) == {3, 4, 5}
    assert Fixed(tokens=9).draw(stream(0, "l"), 3).tolist() == [9, 9, 9]


@pytest.mark.parametrize(
    "length",
    [
        Uniform(least=5, most=3),
        Quantiles(levels=(0.5, 0.9), values=(5, 3)),
        Quantiles(levels=(0.5,), values=(5, 3)),
        Fixed(tokens=0),
    ],
)
def test_lengths_that_make_no_sense_are_refused(length: Fixed | Uniform | Quantiles) -> None:
    with pytest.raises(InputError):
        length.draw(stream(0, "l"), 10)
