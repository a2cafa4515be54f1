"""The five shapes of a public question: how a row of a data set becomes a prompt and the answer it is graded against.

The instructions are our own words, zero-shot, and ask for the answer in a box as the graders read it. A row whose
answer is not public, or not in the shape, gives None. Knows neither the data sets nor where their rows come from.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import ascii_uppercase
from typing import Any

import msgspec

from routelab.core import stream
from routelab.workload.graders.extract import final_formula
from routelab.workload.sources.template import fill

CHOOSE = "Exactly one of these options is right. Give its letter as \\boxed{LETTER}."
YES_OR_NO = "Answer Yes or No, written as \\boxed{Yes} or \\boxed{No}."
NAME_IT = "Answer with the name or the few words that are asked for, written as \\boxed{ANSWER}."
SOLVE = "Work it out, then give the final number or expression as \\boxed{ANSWER}."
_LETTERED = re.compile(r"(?:^|,)\s*[a-z]\s*\)\s*")
_BOX = "\\boxed{"

Row = Mapping[str, Any]


class Item(msgspec.Struct, frozen=True):
    """A prompt and its reference."""

    prompt: str
    reference: str


class _Asking(msgspec.Struct, frozen=True, kw_only=True):
    """What every layout has: templates of the question and of the text it is about (may be empty).

    Each layout's ``item`` gives None for a row without a usable answer and raises KeyError for a column it lacks.
    """

    question: str
    context: str = ""

    def _asked(self, row: Row, instruction: str, options: list[str] | None = None) -> str:
        context, question = fill(self.context, row), fill(self.question, row)
        lines = "\n".join(f"{letter}. {option}" for letter, option in zip(ascii_uppercase, options or ()))
        parts = [f"Context:\n{context}" if context else "", f"Question:\n{question}", lines, instruction]
        return "\n\n".join(part for part in parts if part)


class Choices(_Asking, frozen=True, kw_only=True):
    """Options in a column (a list, or one text ``a ) x , b ) y``) or in columns; the answer a letter or a number.

    Attributes:
        options: the name of the column, or a template for each option.
        first: the number that means the first option.
    """

    options: str | tuple[str, ...]
    answer: str
    first: int = 0

    def item(self, row: Row) -> Item | None:
        options = _options(row, self.options)
        right = _position(fill(self.answer, row), self.first)
        if right is None or not right < len(options) <= len(ascii_uppercase):
            return None
        return Item(self._asked(row, CHOOSE, options), ascii_uppercase[right])


class RightAndWrong(_Asking, frozen=True, kw_only=True):
    """The right answer and the wrong ones apart; their order is drawn from the question, always the same."""

    right: str
    wrong: str | tuple[str, ...]

    def item(self, row: Row) -> Item | None:
        right = fill(self.right, row)
        options = [right, *(option for option in _options(row, self.wrong) if option not in ("", right))]
        if not right or len(options) < 2:
            return None
        order = stream(0, "options", fill(self.question, row)).permutation(len(options))
        shuffled = [options[index] for index in order]
        return Item(self._asked(row, CHOOSE, shuffled), ascii_uppercase[shuffled.index(right)])


class Labels(_Asking, frozen=True, kw_only=True):
    """The same options for every row; ``options`` maps the row's label to what it means."""

    label: str
    options: dict[str, str]

    def item(self, row: Row) -> Item | None:
        label = fill(self.label, row)
        if label not in self.options:
            return None
        letter = ascii_uppercase[list(self.options).index(label)]
        return Item(self._asked(row, CHOOSE, list(self.options.values())), letter)


class Open(_Asking, frozen=True, kw_only=True):
    """An answer in words, numbers, a translation or code, to be given as ``instruction`` says.

    Attributes:
        pattern: what the whole answer must match; its first group is the reference.
        boxed: the answer is a worked solution and the reference is in its last box.
        words: what the row's labels are called in an answer.
    """

    answer: str
    instruction: str
    pattern: str = ""
    boxed: bool = False
    words: dict[str, str] = {}

    def item(self, row: Row) -> Item | None:
        reference = fill(self.answer, row).strip()
        if self.boxed:
            box = reference.rfind(_BOX)
            reference = final_formula(reference[box:]) if box >= 0 else ""
        elif self.pattern:
            found = re.fullmatch(self.pattern, reference, re.DOTALL)
            reference = found[1].strip() if found else ""
        elif self.words:
            reference = self.words.get(reference, "")
        return Item(self._asked(row, self.instruction), reference) if reference else None


class Cloze(_Asking, frozen=True, kw_only=True):
    """A passage, a sentence with a gap, and the names that may fill it; other right names are no options."""

    names: str
    answers: str

    def item(self, row: Row) -> Item | None:
        answers = list(dict.fromkeys(_listed(row, self.answers)))
        if not answers:
            return None
        wrong = sorted(set(_listed(row, self.names)) - set(answers))[: len(ascii_uppercase) - 1]
        options = sorted([answers[0], *wrong])
        return Item(self._asked(row, CHOOSE, options), ascii_uppercase[options.index(answers[0])])


Layout = Choices | RightAndWrong | Labels | Open | Cloze


def _options(row: Row, where: str | tuple[str, ...]) -> list[str]:
    """The options of a list column by its name, or one of each template."""
    return _listed(row, where) if isinstance(where, str) else [fill(option, row) for option in where]


def _listed(row: Row, column: str) -> list[str]:
    """Texts of a list, of a list of ``{"text": …}``, or of one text with lettered parts."""
    value: Any = row
    for name in column.split("."):
        value = value[name]
    if isinstance(value, str):
        return [part.strip() for part in _LETTERED.split(value)[1:]]
    return [str(item["text"] if isinstance(item, dict) else item) for item in value or ()]


def _position(answer: str, first: int) -> int | None:
    """Which option an answer means, counted from 0; None for what is none (``-1`` hides a test label)."""
    if len(answer) == 1 and answer.upper() in ascii_uppercase:
        return ascii_uppercase.index(answer.upper())
    try:
        position = int(float(answer)) - first
    except ValueError:
        return None
    return position if position >= 0 else None
