"""Programs by hidden tests: ``{"entry": "f", "tests": [[[arguments], expected], …]}``, run in the sandbox.

The program gets the arguments and never sees what is expected: it prints what it returned behind a mark drawn for
this run, and the comparison happens out here. Forging that line therefore gains nothing. Knows nothing of prompts.
"""

from __future__ import annotations

import json
import secrets
from functools import lru_cache
from typing import Any

import msgspec

from routelab.core.errors import InputError, shorten
from routelab.core.sandbox import Limits, run_python
from routelab.workload.graders.grade import Grade
from routelab.workload.graders.json_text import fenced, loads, same

LIMITS = Limits(cpu_s=5, wall_s=10.0, processes=4)
LONGEST_PROGRAM = 100_000
_HARNESS = """
import json, sys
job = json.loads(sys.stdin.read())
space = {"__name__": "answer"}
exec(compile(job["code"], "answer.py", "exec"), space)
returned = [space[job["entry"]](*arguments) for arguments in job["calls"]]
print("\\n" + job["mark"] + json.dumps(returned, allow_nan=False), flush=True)
"""


class Tests(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A reference: the function to call, and pairs of its arguments and what it must return.

    ``solution`` is a right program, for checking the tests; no answer is compared with it.
    """

    entry: str
    tests: tuple[tuple[list[Any], Any], ...]
    solution: str | None = None


def code(answer: str, reference: str) -> Grade:
    """1.0 where the answer's program passes every test.

    Raises PrerequisiteError where there is no sandbox, InputError for a broken reference.
    """
    wanted = tests_of(reference)
    program = _program(answer, wanted.entry)
    if program is None:
        return Grade(0.0)
    mark = secrets.token_hex(8)
    calls = [arguments for arguments, _ in wanted.tests]
    job = {"code": program, "entry": wanted.entry, "calls": calls, "mark": mark}
    result = run_python(_HARNESS, json.dumps(job), LIMITS)
    line = result.stdout.rpartition(f"\n{mark}")[2].partition("\n")[0]
    right = result.exit_code == 0 and same(loads(line), [expected for _, expected in wanted.tests])
    return Grade(float(right), shorten(program))


@lru_cache(maxsize=1024)
def tests_of(reference: str) -> Tests:
    """Read a reference; raises InputError where it is none, or holds no test."""
    try:
        wanted = msgspec.json.decode(reference, type=Tests)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise _broken(f"{shorten(reference)}: {error}") from None
    if not wanted.tests or not wanted.entry.isidentifier():
        raise _broken(shorten(reference))
    return wanted


def _broken(got: str) -> InputError:
    return InputError(
        "reference",
        expected='{"entry": "f", "tests": [[[arguments], expected], …]} with a test',
        got=got,
        fix="correct the reference answer",
    )


def _program(answer: str, entry: str) -> str | None:
    """The program: the last fence that defines the function, else the whole answer if it does."""
    candidates = [block for block in [answer, *fenced(answer)] if f"def {entry}" in block or f"{entry} =" in block]
    return candidates[-1] if candidates and len(candidates[-1]) <= LONGEST_PROGRAM else None
