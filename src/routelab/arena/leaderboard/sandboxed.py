"""A submitted Python router, run where it can reach nothing: no network, no disk but its own folder, bounded time.

Inside, the same ``module:object`` is understood as on the command line, with the packages that routelab itself needs.
It sees prompts and task labels. What it prints is not read; what it answers is checked like any router's answer.
"""

from __future__ import annotations

import json
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

import msgspec

import routelab
from routelab.arena.leaderboard.manifest import Submission, copy_files
from routelab.core.errors import ContractError, shorten
from routelab.core.sandbox import MIB, Limits, SandboxResult, run_python
from routelab.data import FOLDER, embedded
from routelab.encode import QueryBatch

PLACE = "/submission"
LIMITS = Limits(
    cpu_s=600, wall_s=600.0, memory_bytes=8192 * MIB, file_bytes=32 * MIB, scratch_bytes=256 * MIB,
    open_files=256, processes=32,
)  # fmt: skip
_PROGRAM = """
import json, os, sys
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "POLARS_MAX_THREADS", "RAYON_NUM_THREADS"):
    os.environ[name] = "1"
os.environ["HOME"] = "/tmp"
asked = json.load(sys.stdin)
sys.path[:0] = [*asked["packages"], asked["place"]]
answer, sys.stdout = sys.stdout, sys.stderr
os.chdir(asked["place"])
from routelab.arena.candidates import resolve
from routelab.core.decisions import Decisions
from routelab.encode import QueryBatch
router = resolve(asked["entry"]).make(0)
found = router.route(QueryBatch(tuple(asked["ids"]), tuple(asked["texts"]), tuple(asked["tasks"])))
found = found.chosen_arms() if isinstance(found, Decisions) else list(found)
json.dump([one if isinstance(one, str) else list(one) for one in found], answer)
answer.flush()
"""


class SandboxedRouter:
    """``route`` starts one sandboxed process for the whole batch and gives the arm names that it answers.

    It sees a copy of the submission's own files and nothing beside them. Raises ContractError with the end of what it
    wrote to standard error where it fails, hangs, or answers with anything but names; PrerequisiteError where the
    machine has no sandbox.
    """

    def __init__(self, submission: Submission, limits: Limits = LIMITS) -> None:
        self.name, self.submission, self.limits = submission.manifest.name, submission, limits

    def route(self, batch: QueryBatch, /) -> list[Any]:
        asked = {
            "packages": _packages(),
            "place": PLACE,
            "entry": self.submission.what,
            "ids": batch.ids,
            "texts": batch.texts or [""] * len(batch),
            "tasks": batch.tasks,
        }
        with tempfile.TemporaryDirectory() as made:
            own, empty = Path(made) / "own", Path(made) / "empty"
            copy_files(self.submission, own)
            empty.mkdir()
            for folder in (Path(made), empty):
                folder.chmod(0o755)
            shown = {place: Path(place) for place in _packages()} | {PLACE: own}
            shown |= {str(FOLDER / table): empty for table in embedded()}  # the truth is not for routers
            ran = run_python(_PROGRAM, json.dumps(asked), self.limits, folders=shown)
        return self._answer(ran)

    def _answer(self, ran: SandboxResult) -> list[Any]:
        if ran.timed_out or ran.exit_code != 0:
            last = (ran.stderr.strip().splitlines() or ["it wrote nothing"])[-1]
            how = f"killed after {ran.wall_s:.0f} s" if ran.timed_out else f"exit code {ran.exit_code}"
            raise self._broken("a router that answers within its limits", f"{how}: {shorten(last, 400)}")
        try:
            return msgspec.json.decode(ran.stdout, type=list[str | list[str]])
        except msgspec.DecodeError:
            raise self._broken("one arm's name (or the calls made) for each prompt", shorten(ran.stdout)) from None

    def _broken(self, expected: str, got: str) -> ContractError:
        return ContractError(
            f"router {self.name!r}", expected=expected, got=got, fix="try it with: routelab submit check"
        )


def _packages() -> list[str]:
    """Where installed packages lie, and routelab itself where it is installed for development."""
    places = [
        sysconfig.get_paths()["purelib"],
        sysconfig.get_paths()["platlib"],
        str(Path(routelab.__file__).parents[1]),
    ]
    return [place for place in dict.fromkeys(places) if place in sys.path or Path(place).is_dir()]
