"""One numeric thread at a time: the matrices are small, so threads would mostly wait for one another, badly so
on a busy machine, and sums would depend on how many there are."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def single_threaded(function: Callable[P, T]) -> Callable[P, T]:
    """Decorator: BLAS and OpenMP pools run one thread while ``function`` does."""

    @wraps(function)
    def limited(*args: P.args, **kwargs: P.kwargs) -> T:
        import sklearn.cluster  # noqa: F401 - only pools that are loaded can be limited
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1):
            return function(*args, **kwargs)

    return limited
