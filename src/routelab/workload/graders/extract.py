"""Find the final answer inside a model's text, the way RouterArena's evaluator finds it.

A ``\\boxed{…}`` wins; else a ladder of ever looser patterns; else the text itself. Published scores depend on
every pattern and on their order. Knows of no reference answer. Linear in the length of the text: what follows
the last closing bracket of a kind is not searched for that kind, because no match can end there.
"""

from __future__ import annotations

import re

_BOX = "\\boxed{"
_BOXED = re.compile(r"\\boxed\{([^}]+)\}")
_FIRST_LETTER = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"answer\s*:\s*([A-Z])",
        r"(?:option|choice|select)[:\s]*([A-Z])",
        r"(?:answer|choice)\s*[:\-]\s*([A-Z])",
    )
)
_LONE_LETTER = re.compile(r"\b([A-Z])\b")
_STATED = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"answer\s*[:\-]\s*([^\n]+)",
        r"(?:result|solution)\s*[:\-]\s*([^\n]+)",
        r"(?:answer|result)\s*[:\-]\s*(\d+(?:\.\d+)?)",
        r"(?:answer|result)\s+is\s+([^\n]+)",
    )
)
_DELIMITED = (
    (re.compile(r"[\"']([^\"']+)[\"']"), "\"'"),
    (re.compile(r"\(([^)]+)\)"), ")"),
    (re.compile(r"\[([^\]]+)\]"), "]"),
)
_AFTER_COLON = re.compile(r"(?:answer|result|solution)[:\s]+([^\n]+)", re.IGNORECASE)
_NUMBER = re.compile(r"\b(\d+(?:\.\d+)?)\b")
_DRESSING = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"^(?:the\s+)?(?:answer|result|solution)\s*[:\-]\s*",
        r"^(?:option|choice)\s*[:\-]\s*",
        r"^(?:letter|choice)\s*[:\-]\s*",
        r"\s*[:\-]\s*(?:is\s+)?the\s+(?:answer|result|solution)\.?$",
        r"\s*[:\-]\s*(?:is\s+)?correct\.?$",
        r"^[:\-\s]+",
        r"[:\-\s]+$",
        r"\.$",
        r"^[\"']|[\"']$",
        r"^(?:the\s+)?(?:final\s+)?answer\s+is\s+",
        r"^(?:the\s+)?answer\s+is\s+",
        r"^(?:the\s+)?result\s+is\s+",
    )
)
_LINE_LIMIT = 8_000


def final_answer(text: str, *, first_letter: bool = False) -> str:
    """The final answer of a choice, short-text or translation task.

    ``first_letter`` is the cloze rule: without a box, the text's first character is the answer.

    >>> final_answer("so it is \\\\boxed{B}, not C")
    'B'
    >>> final_answer("The correct answer: c")
    'C'
    """
    text = text.strip()
    if not text:
        return ""
    boxed = _first_boxed(text)
    if boxed:
        return boxed
    if first_letter:
        return text[0].upper()
    return _letter(text) or _stated(text) or _delimited(text) or text


def final_formula(text: str) -> str:
    """The final answer of a mathematics task: the whole first box, braces balanced, else a stated number.

    >>> final_formula("thus \\\\boxed{\\\\frac{1}{2}}.")
    '\\\\frac{1}{2}'
    """
    text = text.strip()
    boxed = _balanced_box(text)
    if boxed:
        return boxed
    stated = _stated(text)
    if stated:
        return stated
    numbers = _NUMBER.findall(text)
    return numbers[-1] if numbers else text


def final_move(text: str) -> str:
    """The final answer of a chess task: the box, else the last ``e2e4``-like move, else as for a choice."""
    text = text.strip()
    boxed = _first_boxed(text) if text else ""
    if boxed:
        return boxed
    moves = re.findall(r"\b([a-h][1-8][a-h][1-8])\b", text, re.IGNORECASE)
    if moves:
        return str(moves[-1])
    moves = re.findall(r"(?:move|play)[:\s]*([a-h][1-8][a-h][1-8])", text, re.IGNORECASE)
    if moves:
        return str(moves[-1])
    letters = _LONE_LETTER.findall(text)
    return letters[-1] if letters else text


def _first_boxed(text: str) -> str:
    """The first box up to its first closing brace: ``\\boxed{{A}}`` gives ``{A``, as published scores need."""
    if _BOX not in text:
        return ""
    bare = text.replace("\\text{", "")
    found = _BOXED.search(bare, 0, bare.rfind("}") + 1)
    return found[1].strip() if found else ""


def _balanced_box(text: str) -> str:
    start = text.find(_BOX) + len(_BOX)
    if start < len(_BOX):
        return ""
    depth = 1
    for brace in re.finditer(r"[{}]", text[start:]):
        depth += 1 if brace[0] == "{" else -1
        if depth == 0:
            return text[start : start + brace.start()].strip()
    return ""


def _letter(text: str) -> str:
    for pattern in _FIRST_LETTER:
        found = pattern.search(text)
        if found:
            return found[1].upper()
    letters = _LONE_LETTER.findall(text)
    return letters[-1] if letters else ""


def _stated(text: str) -> str:
    for pattern in _STATED:
        found = pattern.search(text)
        if found:
            cleaned = _undress(found[1])
            if cleaned:
                return cleaned
    return ""


def _delimited(text: str) -> str:
    for pattern, closers in _DELIMITED:
        end = max(text.rfind(closer) for closer in closers) + 1
        inside = pattern.findall(text, 0, end)
        if inside:
            return str(inside[-1]).strip()
    after = _AFTER_COLON.findall(text)
    return _undress(after[-1]) if after else ""


def _undress(line: str) -> str:
    """Strip the words around an answer: "The answer is …", quotes, a final full stop."""
    line = line.strip()[:_LINE_LIMIT]
    for pattern in _DRESSING:
        line = pattern.sub("", line)
    return " ".join(line.split())
