"""Graders: ``(answer, reference) -> Grade``, one per metric name, found through ``routelab.graders``.

Built-ins and plug-ins register through the same entry-point group. A grader that lacks its instrument raises
PrerequisiteError: the answer is then ungraded, never wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from routelab.core import registry
from routelab.workload.graders.grade import Grade

__all__ = ["Grade", "grade"]


def grade(metric: str, answer: str, reference: str) -> Grade:
    """Grade one answer by the metric's name; raises InputError for an unknown name or an unusable reference.

    The reference itself, word for word, is right under every metric, also where it is no answer that a model would
    give, such as a value with its unit in JSON.

    >>> grade("mcq_accuracy", "I pick \\\\boxed{B}", "B").score
    1.0
    """
    given = _grader(metric)(answer, reference)
    return given if given.score or answer.strip() != reference.strip() else Grade(1.0, given.extracted)


@cache
def _grader(metric: str) -> Callable[[str, str], Grade]:
    grader: Callable[[str, str], Grade] = registry.load("routelab.graders", metric)
    return grader
