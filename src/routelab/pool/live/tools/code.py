"""Code: finds Python in a text and runs it in the sandbox; the answer is what it prints.

Code is a fence, lines of their own, or a statement within a sentence. Where nothing is printed, the answer is the value
of the one expression, or of the one variable that the text names. Without a sandbox there is no answer, and a request
to write code is not one to run it.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from itertools import groupby, islice

from routelab.core import sandbox
from routelab.pool.live.tools.prompt import Prompt

LONGEST_OUTPUT = 2_000
LONGEST_SENTENCE = 400
MOST_CANDIDATES = 400
LIMITS = sandbox.Limits(cpu_s=2, wall_s=4.0)

_FENCE = re.compile(r"```[ \t]*(?:python|py)?[ \t]*\n(.*?)```", re.DOTALL | re.IGNORECASE)
_NAMED = re.compile(r"\b(?:Python|code|program|script)\b", re.IGNORECASE)
_CODE_LINE = re.compile(
    r"\s*(?:(?:for|while|if|elif|def|class|with|async|try|except|else|finally)\b.*:\s*(?:#.*)?"
    r"|(?:return|import|from|raise|assert|del|global|nonlocal|yield|await)\b.+"
    r"|(?:pass|break|continue|return)"
    r"|[A-Za-z_][\w.]*(?:\[.*\])?\s*(?:[-+*/%&|^@]|//|\*\*|<<|>>)?=(?!=).+"
    r"|[A-Za-z_][\w.]*\(.*\)"
    r"|#.*|@\w.*)?\s*"
)
_START = re.compile(r"(?<![\w.\"'])[A-Za-z_][\w.]*(?:\[[^\]]*\])?\s*(?:\(|=(?!=))")
_STOP = re.compile(r"[)\]}\"'\w](?=[.,;:?!]?(?:\s|$))")


def answer(prompt: Prompt) -> str | None:
    """What the code in the text prints, None where there is none that runs."""
    text = "\n\n".join(part for part in (prompt.earlier, prompt.text) if part)
    for found, rest in islice(_candidates(text), MOST_CANDIDATES):
        program = _printing(found, rest)
        if program is not None and sandbox.why_not() is None:
            result = sandbox.run_python(program, limits=LIMITS)
            printed = result.stdout.strip()
            return printed if result.exit_code == 0 and 0 < len(printed) <= LONGEST_OUTPUT else None
    return None


def _candidates(text: str) -> Iterator[tuple[str, str]]:
    """Pieces of the text that may be code, the likeliest first, each with the text around it."""
    for found in (*_fences(text), *_blocks(text), *(_within(text) if _NAMED.search(text) else ())):
        yield found, text.replace(found, " ")


def _fences(text: str) -> Iterator[str]:
    for fence in _FENCE.finditer(text):
        yield fence[1]


def _blocks(text: str) -> Iterator[str]:
    """Runs of lines that look like code; the first statement may stand at the end of a line of prose."""
    before, lines = "", text.split("\n")
    for is_code, run in groupby(lines, key=lambda line: bool(_CODE_LINE.fullmatch(line))):
        block = list(run)
        if is_code and "".join(block).strip():
            for start in _START.finditer(before):
                yield "\n".join([before[start.start() :], *block])
            yield "\n".join(block)
        before = block[-1][-LONGEST_SENTENCE:]


def _within(text: str) -> Iterator[str]:
    """Statements inside a sentence, the longest from each place first."""
    for line in text.split("\n"):
        for start in _START.finditer(line):
            piece = line[start.start() : start.start() + LONGEST_SENTENCE]
            yield from (piece[: stop.end()] for stop in reversed(list(_STOP.finditer(piece))))


def _printing(code: str, rest: str) -> str | None:
    """The program, made to print what is asked where it prints nothing itself; None for what is no program."""
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    names = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]
    if "print" in names:
        return code
    if len(tree.body) == 1 and isinstance(tree.body[0], ast.Expr):
        return f"print({code.strip()})" if isinstance(tree.body[0].value, ast.Call) else None
    stored = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    asked = [name for name in sorted(stored) if re.search(rf"(?<!\w){name}(?!\w)", rest)]
    return f"{code}\nprint({asked[0]})" if len(asked) == 1 else None
