"""RouterArena's ``code_accuracy``: not gradable here, and said so.

It runs model-written programs against tests. Neither those tests nor a sandbox for them ship with this
package, so an answer stays *ungraded*: a missing instrument is never a score of zero.
"""

from __future__ import annotations

from typing import NoReturn

from routelab.core.errors import PrerequisiteError


def code_accuracy(answer: str, reference: str) -> NoReturn:
    """Always raises PrerequisiteError."""
    raise PrerequisiteError(
        "code_accuracy",
        expected="the problem's tests and a sandbox to run them in",
        got="neither",
        fix="take the published score of these rows, or leave them ungraded",
    )
