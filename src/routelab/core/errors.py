"""Every error a user can meet, in one grammar: ``where: expected X, got Y. Fix: …``.

    RoutelabError                 anything the user can mend; the CLI prints it bare and exits 2
    ├── InputError                a file, a row, a flag or a configuration is not what it must be
    ├── PrerequisiteError         an optional dependency, service or file is absent
    ├── SpendCapError             going on would cost more than the user allowed
    └── ContractError             a plug-in (router, grader, backend) broke its contract

Anything else that escapes is a bug of ours and keeps its traceback.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

SHOWN_VALUE_LENGTH = 80


def shorten(value: object, length: int = SHOWN_VALUE_LENGTH) -> str:
    """``repr`` of a value, cut to `length` characters so that an error stays one line.

    >>> shorten("a" * 200)[-1]
    '…'
    """
    text = repr(value[:length] if isinstance(value, str) else value).replace("\n", " ")
    return text if len(text) <= length else text[: length - 1] + "…"


def nearest(word: str, known: Iterable[str]) -> str:
    """A sentence that helps with a misspelt name: the nearest valid one, else what is valid.

    >>> nearest("knnn", ["knn", "random"])
    'did you mean "knn"?'
    """
    choices = sorted(known)
    close = get_close_matches(word, choices, n=1, cutoff=0.6)
    if close:
        return f'did you mean "{close[0]}"?'
    listed = ", ".join(choices[:12]) + (", …" if len(choices) > 12 else "")
    return f"use one of: {listed}"


class RoutelabError(Exception):
    """The common base; carries the four parts so that ``--json`` can print them apart."""

    def __init__(self, where: str, *, expected: str, got: str, fix: str) -> None:
        self.where, self.expected, self.got, self.fix = where, expected, got, fix
        super().__init__(f"{where}: expected {expected}, got {got}. Fix: {fix}")


class InputError(RoutelabError):
    """A file, a row, a flag or a configuration is not what it must be."""


class PrerequisiteError(RoutelabError):
    """An optional dependency, service or file is absent."""


class SpendCapError(RoutelabError):
    """Going on would cost more than the user allowed."""


class ContractError(RoutelabError):
    """A plug-in broke its contract."""


def need_extra(package: str, extra: str, purpose: str) -> PrerequisiteError:
    """The error for a missing optional dependency, with the exact line that installs it."""
    return PrerequisiteError(
        purpose,
        expected=f"the package {package!r}",
        got="it is not installed",
        fix=f"pip install 'routelab[{extra}]'",
    )
