"""Everything that is wrong with a submission, told at once and before anything is asked or spent.

Reads decisions and RouterArena's prediction files into ``Decided``; looks at recipes, artifacts and code without
fitting or trusting them. Scores nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from routelab.arena.candidates import Candidate, resolve
from routelab.arena.judge import unfit
from routelab.arena.leaderboard.choices import Intake, claims, decision_frame, keep, overhead, read_plans
from routelab.arena.leaderboard.manifest import Submission, inside, read_submission
from routelab.arena.leaderboard.sandboxed import SandboxedRouter
from routelab.arena.leaderboard.shared import Shared
from routelab.arena.profiles.native import each_prediction, read_config
from routelab.core import registry
from routelab.core.config import convert, load_yaml
from routelab.core.errors import InputError, RoutelabError, nearest, shorten
from routelab.router import Recipe, load_artifact

TRIED = 3


def look(path: Path | str, shared: Shared) -> Intake:
    """Read the submission at ``path`` and everything in it."""
    found = Intake()
    found.submission = found.attempt(lambda: read_submission(path))
    if found.submission is not None:
        _LOOKS[found.submission.kind](found, found.submission, shared)
    return found


def _recipe(found: Intake, one: Submission, shared: Shared) -> None:
    candidate = found.attempt(lambda: as_recipe(one))
    if candidate is not None and candidate.recipe_hash is None:
        found.add("recipe", expected="a recipe", got="code", fix="submit it as code: it then runs in the sandbox")
    elif candidate is not None and (why := unfit(candidate, shared.problem)):
        found.add(
            f"recipe {one.what}", expected="one that this board may fit", got=why, fix="submit an artifact or code"
        )


def as_recipe(one: Submission) -> Candidate:
    """The candidate of a recipe submission: a catalogue name or a recipe file in its folder, and nothing that runs."""
    if one.what.endswith((".yaml", ".yml")):
        return resolve(convert(load_yaml(one.path), Recipe, one.what))
    known = registry.names("routelab.routers")
    if one.what not in known:
        fix = nearest(one.what, known)
        raise InputError("recipe", expected="a catalogue name or a .yaml beside it", got=shorten(one.what), fix=fix)
    return resolve(one.what)


def _artifact(found: Intake, one: Submission, shared: Shared) -> None:
    router = found.attempt(lambda: load_artifact(one.path))
    for arm in sorted(set(router.arms_) - set(shared.problem.arms)) if router else ():
        found.add(
            f"artifact {one.what} arm {arm}",
            expected="an arm of the board",
            got="another",
            fix=f"{nearest(arm, shared.problem.arms)} Fit it on outcomes of the board's arms",
        )


def _code(found: Intake, one: Submission, shared: Shared) -> None:
    if ":" not in one.what:
        found.add("code", expected="file.py:object", got=shorten(one.what), fix="name the object that routes")
        return
    path: Path | None = found.attempt(lambda: one.path)
    if path is None:
        return
    try:
        compile(path.read_text(encoding="utf-8"), path.name, "exec")
    except (SyntaxError, UnicodeDecodeError, ValueError) as error:
        found.add(f"code {path.name}", expected="Python", got=str(error), fix="mend it")
        return
    few = shared.problem.batch.take(np.arange(min(TRIED, len(shared.problem))))
    chosen = found.attempt(lambda: SandboxedRouter(one).route(few))
    if chosen is not None:
        read_plans(found, list(few.ids), chosen, shared, f"code {one.what}")


def _endpoint(found: Intake, one: Submission, shared: Shared) -> None:
    from routelab.arena.adapters import HttpRouter

    found.attempt(lambda: HttpRouter(one.what))


def _decisions(found: Intake, one: Submission, shared: Shared) -> None:
    frame = found.attempt(lambda: decision_frame(one.path))
    if frame is None:
        return
    where = one.path.name
    column = next((name for name in ("calls", "arm") if name in frame.columns), None)
    if "query_id" not in frame.columns or column is None:
        got = ", ".join(frame.columns[:8])
        found.add(where, expected="columns query_id and arm (or calls)", got=got, fix="name the columns so")
        return
    ids = [str(value) for value in frame["query_id"]]
    keep(found, ids, frame[column].to_list(), overhead(found, frame, where), shared, where)


def _predictions(found: Intake, one: Submission, shared: Shared) -> None:
    path: Path | None = found.attempt(lambda: one.path)
    if path is None:
        return
    rows = []
    try:
        for row in each_prediction(path):
            if isinstance(row, RoutelabError):
                found.take(row)
            elif not row.for_optimality:
                rows.append(row)
    except RoutelabError as error:
        found.take(error)
    if not rows:
        return
    config = one.manifest.config or ""
    allowed = found.attempt(lambda: read_config(inside(one.folder, config, "config"))) if config else None
    for model in sorted({row.prediction for row in rows} - set(allowed.models)) if allowed else ():
        found.add(f"{path.name} model {model}", expected="a model of the config", got="another", fix="add it there")
    found.claimed = claims(rows, shared)
    keep(found, [row.query_id for row in rows], [row.prediction for row in rows], None, shared, path.name)


_LOOKS: dict[str, Callable[[Intake, Submission, Shared], None]] = {
    "recipe": _recipe,
    "artifact": _artifact,
    "code": _code,
    "endpoint": _endpoint,
    "decisions": _decisions,
    "predictions": _predictions,
}
