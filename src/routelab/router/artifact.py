"""Artifacts: a fitted router frozen as JSON + safetensors, never pickle. What is judged is what is deployed.

An artifact is a folder with ``router.json`` (recipe, arms, its own hash) and ``arrays.safetensors``. The hash
covers both files; ``load_artifact`` refuses a folder that is not what was saved.
"""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from safetensors.numpy import load, save

from routelab.core.config import convert
from routelab.core.errors import InputError
from routelab.core.files import atomic_path, canonical_json, digest, read_text, write_text
from routelab.router.compose import Recipe, Router
from routelab.router.estimators import Ridge
from routelab.router.parts import learned, relearn

SEAL = "artifact_hash"


class Frozen(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The JSON half of an artifact."""

    recipe: Recipe
    seed: int
    arms: tuple[str, ...]
    fallback: int
    cost_scale: float
    has_cost_model: bool
    arrays_hash: str
    format_version: int = 2


def freeze(router: Router) -> tuple[Frozen, bytes]:
    """The two halves of a fitted router's artifact."""
    arrays = {f"{part}.{name}": array for part, state in _parts(router) for name, array in learned(state).items()}
    arrays["cost_mean"] = np.ascontiguousarray(router.cost_mean_)
    arrays["fitted_on"] = router.fitted_on_
    data = save(dict(sorted(arrays.items())))
    frozen = Frozen(
        recipe=router.recipe,
        seed=router.seed,
        arms=router.arms_,
        fallback=router.fallback_,
        cost_scale=router.cost_scale_,
        has_cost_model=router.cost_model_ is not None,
        arrays_hash=digest(data),
    )
    return frozen, data


def _parts(router: Router) -> list[tuple[str, Any]]:
    """What has learned, by the name that its arrays carry."""
    reductions = [(f"reduction{place}", reduction) for place, reduction in enumerate(router.reductions_)]
    cost = [] if router.cost_model_ is None else [("cost", router.cost_model_)]
    return [*reductions, ("estimator", router.estimator_), *cost]


def artifact_hash(router: Router) -> str:
    """The hash that names a fitted router, equal for equal fits."""
    return digest(msgspec.to_builtins(freeze(router)[0]))


def save_artifact(router: Router, folder: Path) -> str:
    """Write the artifact and return its hash."""
    frozen, data = freeze(router)
    with atomic_path(folder / "arrays.safetensors") as temporary:
        temporary.write_bytes(data)
    description = msgspec.to_builtins(frozen)
    sealed = description | {SEAL: digest(description)}
    write_text(folder / "router.json", msgspec.json.format(canonical_json(sealed), indent=2).decode() + "\n")
    return str(sealed[SEAL])


def load_artifact(folder: Path) -> Router:
    """Read an artifact back; its decisions are bit for bit those of the router that was saved."""
    path = folder / "router.json"
    try:
        raw = msgspec.json.decode(read_text(path, what="an artifact's router.json"))
    except msgspec.DecodeError as error:
        raise InputError(str(path), expected="JSON", got=str(error), fix="restore the artifact") from None
    seal = raw.pop(SEAL, None) if isinstance(raw, dict) else None
    frozen = convert(raw, Frozen, str(path))
    try:
        data = (folder / "arrays.safetensors").read_bytes()
    except OSError:
        data = b""
    if (digest(raw), digest(data)) != (seal, frozen.arrays_hash):
        raise InputError(
            str(folder), expected="the artifact that was saved", got="other contents", fix="restore or refit it"
        )
    router = Router(frozen.recipe, seed=frozen.seed)
    router.arms_, router.fallback_, router.cost_scale_ = frozen.arms, frozen.fallback, frozen.cost_scale
    router.reductions_ = tuple(deepcopy(view.reduction) for view in frozen.recipe.views)
    router.estimator_ = deepcopy(frozen.recipe.estimator)
    router.cost_model_ = Ridge(clip=False) if frozen.has_cost_model else None
    arrays = load(data)
    router.cost_mean_, router.fitted_on_ = arrays.pop("cost_mean"), arrays.pop("fitted_on")
    for part, state in _parts(router):
        mine = {name.removeprefix(f"{part}."): array for name, array in arrays.items() if name.startswith(f"{part}.")}
        relearn(state, mine)
    return router
