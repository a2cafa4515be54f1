"""Answers that must score 0 whatever they hedge with: ``adversarial(metric, reference)``.

Each contains the right answer, or nothing: it lists candidates, says "A or B", repeats every option, boxes several,
hides characters, contradicts or negates itself. The references are in the grammars of the graders.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

EMPTY = ["", " ", "\n\n", "...", "\u200b", "\u202e\u2066", "```\n```", "Answer:", "\\boxed{}", "{}", "None", "?"]
HEDGES = (
    "{0} or {1}",
    "{1} or {0}",
    "either {1} or {0}",
    "{0} / {1}",
    "{1}/{0}",
    "{1}, {0}",
    "{1}; {0}",
    "{1} and {0}",
    "{1} | {0}",
    "{1} vs. {0}",
    "{1}\n{0}",
    "- {1}\n- {0}",
    "1. {1}\n2. {0}",
    "Answer: {0} or {1}",
    "Answer: {1} or {0}",
    "Answer: {1}, {0}",
    "Answer: {1}/{0}",
    "Answer: {0} and {1}",
    "Answer: {0}\nAnswer: {1}",
    "Answer: {1}\nAnswer: {0}",
    "Answer: {0}\nOr {1}",
    "Answer: {1}\nAlternatively {0}",
    "Final answer: {0}\nFinal answer: {1}",
    "The answer is {1} or {0}.",
    "The answer is {1}, or maybe {0}.",
    "The answer is either {0} or {1}.",
    "I am torn: it is {1} or possibly {0}",
    "\\boxed{{{0}}} or \\boxed{{{1}}}",
    "\\boxed{{{1}}} \\boxed{{{0}}}",
    "\\boxed{{{1} \\text{{ or }} {0}}}",
    "\\boxed{{{1}, {0}}}",
    "**{1}** or **{0}**",
    "**{1}**, **{0}**",
    "It is not {0}",
    "The answer is not {0}.",
    "Answer: not {0}",
    "{1}, not {0}",
    "Answer: {1}, not {0}",
)
LOOKALIKES = str.maketrans("aeopcxyABCEHKMOPT", "аеорсхуАВСЕНКМОРТ")
OVERLAY = "\u0336"


def adversarial(metric: str, reference: str) -> list[str]:
    """Answers to ``reference`` that a grader of ``metric`` must refuse."""
    return EMPTY + _MAKERS[metric](reference)


def _hedged(right: str, *wrong: str) -> list[str]:
    return [hedge.format(right, other) for hedge in HEDGES for other in wrong] + [
        ", ".join([*wrong, right]),
        ", ".join([right, *wrong]),
        "\n".join([*wrong, right]),
    ]


def _number(reference: str) -> list[str]:
    value = (
        float(reference) if "/" not in reference else float(reference.split("/")[0]) / float(reference.split("/")[1])
    )
    near = [str(int(value) + step) for step in (1, 2, -1)]
    return [
        *_hedged(reference, *near),
        " ".join([*near, reference]),
        f"between {near[2]} and {reference}",
        f"{near[2]} to {reference}",
        f"x ≠ {reference}",
        *([f"{reference}{reference}"] if value else []),
        f"{near[0]}\u2066 ({reference})\u2069",
        f"[{near[0]}, {reference}]",
        f"| {near[0]} | {reference} |",
    ]


def _word(reference: str) -> list[str]:
    wrong = ("Zanzibar", "Quito")
    crossed = "".join(char + OVERLAY for char in reference)
    return [
        *_hedged(reference, *wrong),
        f"Zanzibar <!-- {reference} -->",
        f"Zanzibar\u202e{reference[::-1]}",
        f"Zanzibar\u200b{reference}",
        "Zanzibar" + "".join(chr(0xE0000 + ord(char)) for char in reference if ord(char) < 128),
        crossed,
        f"~~{reference}~~ Zanzibar",
        *([reference.translate(LOOKALIKES)] if reference.translate(LOOKALIKES) != reference else []),
        f"{reference} {reference} {reference} {reference} Zanzibar",
        f"Is it {reference}, Zanzibar or Quito?",
    ]


def _choice(reference: str) -> list[str]:
    wrong = [letter for letter in "ABCD" if letter != reference]
    options = [f"{letter}) option {number}" for number, letter in enumerate("ABCD")]
    return [
        *_hedged(reference, *wrong),
        *_hedged(f"{reference})", *(f"{letter})" for letter in wrong)),
        "A, B, C, D",
        "A B C D",
        "ABCD",
        "A) B) C) D)",
        "D, C, B, A",
        "Answer: A, B, C, D",
        "Answer: ABCD",
        "All of A, B, C and D",
        "\n".join(options),
        "\n".join(reversed(options)),
        "Which of these?\n" + "\n".join(options),
        "Answer:\n" + "\n".join(options),
        *("\n".join([*options, f"{letter}) option"]) for letter in "ABCD"),
        f"Answer: {reference.translate(LOOKALIKES)}" if reference != "D" else "Answer: Ⅾ or C",
        " ".join(f"\\boxed{{{letter}}}" for letter in "ABCD"),
    ]


def _quantity(reference: str) -> list[str]:
    wanted = json.loads(reference)
    unit, value = wanted.get("unit") or "", wanted["value"]
    right, other = f"{value} {unit}".strip(), f"{value * 2 + 1} {unit}".strip()
    made = [*_hedged(right, other), f"{value * 1.5 + 3} {unit}"]
    if unit:
        alien = "s" if unit not in ("s", "min", "h") else "kg"
        made += [f"{value} {alien}", f"{value} {alien} or {right}", f"Answer: {right}\nAnswer: {value} {alien}"]
    return made


def _list(reference: str) -> list[str]:
    items = json.loads(reference)
    made = [
        json.dumps([*items, "zanzibar"]),
        json.dumps(items[:-1]),
        f"{reference} or {json.dumps([*items[::-1], 'zanzibar'])}",
        f"```json\n{reference}\n```\n```json\n{json.dumps(items[1:])}\n```",
        json.dumps({"items": items, "or": []}),
        json.dumps([items, items]),
        "\n".join(f"- {item}" for item in [*items, "zanzibar"]),
    ]
    return made + ([json.dumps(items[::-1])] if items != items[::-1] else [])


def _set(reference: str) -> list[str]:
    items = json.loads(reference)
    return [text for text in _list(reference) if text != json.dumps(items[::-1])]


def _table(reference: str) -> list[str]:
    rows = json.loads(reference)
    return [
        json.dumps(rows[:-1]),
        json.dumps([*rows, rows[0]]),
        json.dumps([[*row, "x"] for row in rows]),
        f"{reference}\n{json.dumps(rows[:-1])}",
        "\n".join(str(cell) for row in rows for cell in [*row, "zanzibar"]),
        "| a |\n|---|\n| zanzibar |",
    ]


def _json(reference: str) -> list[str]:
    value = json.loads(reference)["value"]
    text, other = json.dumps(value), json.dumps([value, "zanzibar"])
    return [
        f"{text} or {other}",
        f"```json\n{text}\n```\n```json\n{other}\n```",
        json.dumps([value]),
        json.dumps({"answer": value}),
        text[:-1],
        text + text,
        json.dumps(json.dumps(value)),
        *(['{"zanzibar": 1, ' + text[1:]] if isinstance(value, dict) and value else []),
    ]


def _tool_call(reference: str) -> list[str]:
    call = json.loads(reference)
    name, arguments = call["name"], call["arguments"]
    first = next(iter(arguments), None)
    made = [
        json.dumps({"name": name, "arguments": {**arguments, "zanzibar": 1}}),
        json.dumps({"name": name + "_", "arguments": arguments}),
        json.dumps({"name": name}),
        json.dumps([call, call]),
        json.dumps({"tool_calls": [call, {"name": "other", "arguments": {}}]}),
        f"{json.dumps(call)}\n{json.dumps({'name': 'other', 'arguments': {}})}",
        json.dumps({"name": name, "tool": "other", "arguments": arguments}),
        f"{name}({arguments})",
        '{"name": "other", ' + json.dumps(call)[1:],
    ]
    return made + ([json.dumps({"name": name, "arguments": {first: "zanzibar"}})] if first else [])


def _sql(reference: str) -> list[str]:
    query = json.loads(reference)["query"]
    return [
        f"{query}; {query}",
        f"```sql\n{query}\n```\n```sql\nSELECT 1\n```",
        f"{query}; DROP TABLE t",
        f"SELECT * FROM ({query}) UNION ALL SELECT * FROM ({query})",
        "PRAGMA table_list",
        "ATTACH DATABASE '/tmp/x' AS x",
        "DELETE FROM sqlite_master",
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n",
        "SELECT load_extension('x')",
        "SELECT zeroblob(1000000000)",
        "CREATE TABLE x (y)",
        "SELECT",
        f"I would write: {query}",
    ]


def _code(reference: str) -> list[str]:
    wanted = json.loads(reference)
    entry = wanted["entry"]
    return [
        f"def {entry}(*args): return None",
        f"def {entry}(*args): raise SystemExit(0)",
        f"def {entry}(*args): return __import__('sys').stdin.read()",
        f"def {entry}(*args): return expected",
        f"def {entry}(*args):\n    while True: pass",
        f"import os\nos._exit(0)\ndef {entry}(): pass",
        f"class Yes:\n    def __eq__(self, other): return True\ndef {entry}(*args): return Yes()",
        f"import json\njson.dumps = lambda *a, **k: 'true'\ndef {entry}(*args): return 1",
        f"def {entry}(",
    ]


_MAKERS: dict[str, Callable[[str], Any]] = {
    "choice": _choice,
    "code": _code,
    "json": _json,
    "list": _list,
    "number": _number,
    "quantity": _quantity,
    "set": _set,
    "sql": _sql,
    "table": _table,
    "tool_call": _tool_call,
    "word": _word,
}
