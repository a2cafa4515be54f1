"""What can be judged: recipes by name or file, frozen artifacts, Python routers, decorated functions.

``resolve`` turns whatever a user names into a ``Candidate``. A candidate is fitted anew for every training set
when it can be (``fit: cross``); a frozen artifact is judged as it is; of a bare function nobody knows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from routelab.core import registry
from routelab.core.config import convert, load_yaml
from routelab.core.decisions import Decisions
from routelab.core.errors import ContractError, InputError, nearest, shorten
from routelab.encode import QueryBatch
from routelab.router import Recipe, Router, artifact_hash, load_artifact

FitKind = Literal["cross", "frozen", "unknown"]


class Routes(Protocol):
    """The least that a router can be: it answers a batch with decisions or with arm names."""

    def route(self, batch: QueryBatch, /) -> Decisions | Sequence[str]: ...


@dataclass(frozen=True)
class Candidate:
    """One router to judge. ``make(seed)`` gives an unfitted (or frozen) instance."""

    name: str
    make: Callable[[int], Any]
    fit: FitKind
    description: str = ""
    source: str = ""
    recipe_hash: str | None = None
    artifact_hash: str | None = None
    baseline: bool = False
    shuffled: bool = False
    reads_text: bool = True


class FunctionRouter:
    """A function from prompt to arm name, as a router."""

    def __init__(self, function: Callable[[str], str]) -> None:
        self.function = function
        self.name = getattr(function, "__name__", "function").replace("_", "-")

    def route(self, batch: QueryBatch, /) -> list[str]:
        return [self.function(text) for text in batch.texts or ()]


def as_router(function: Callable[[str], str]) -> FunctionRouter:
    """Decorator: a function that reads a prompt and names an arm is a router.

    >>> @as_router
    ... def long_goes_big(prompt: str) -> str:
    ...     return "big" if len(prompt) > 100 else "small"
    >>> long_goes_big.route(QueryBatch.of(["hi"]))
    ['small']
    """
    return FunctionRouter(function)


def resolve(spec: Any) -> Candidate:
    """A candidate from a catalogue name, a recipe (object or YAML file), an artifact folder, ``module:object``,
    ``file.py:object``, an HTTP address, or any object with ``route``."""
    if isinstance(spec, Candidate):
        return spec
    if isinstance(spec, Recipe):
        return _of_recipe(spec)
    if isinstance(spec, Path):
        spec = str(spec)
    if isinstance(spec, str):
        return _of_text(spec)
    if hasattr(spec, "route") or callable(spec):
        return _of_object(spec, None)
    raise InputError("router", expected="a name, a recipe or an object with route()", got=shorten(spec), fix="see docs")


def _of_text(spec: str) -> Candidate:
    if spec.startswith(("http://", "https://")):
        from routelab.arena.adapters.http import HttpRouter

        return _of_object(HttpRouter(spec), spec)
    path = Path(spec)
    if path.suffix in (".yaml", ".yml"):
        return _of_recipe(convert(load_yaml(path), Recipe, str(path)))
    if (path / "router.json").is_file():
        frozen = load_artifact(path)
        return Candidate(
            frozen.name,
            lambda seed: frozen,
            "frozen",
            frozen.recipe.description,
            frozen.recipe.about.source,
            frozen.recipe.hash,
            artifact_hash(frozen),
            reads_text=frozen.recipe.encoder is not None,
        )
    if ":" in spec:
        return _of_object(registry.imported(spec, "router"), spec)
    if spec not in registry.names("routelab.routers") and (path.exists() or "/" in spec):
        raise InputError(
            f"router {spec!r}",
            expected="a recipe file (.yaml), an artifact folder, file.py:object or a catalogue name",
            got="something else",
            fix="check the path",
        )
    found = registry.load("routelab.routers", spec)
    return _of_recipe(found) if isinstance(found, Recipe) else _of_object(found, spec)


def _of_recipe(recipe: Recipe) -> Candidate:
    return Candidate(
        recipe.name,
        lambda seed: Router(recipe, seed=seed),
        "cross",
        recipe.description,
        recipe.about.source,
        recipe.hash,
        reads_text=recipe.encoder is not None,
    )


def _of_object(thing: Any, spec: str | None) -> Candidate:
    if isinstance(thing, Recipe):
        return _of_recipe(thing)
    if isinstance(thing, Router):
        return _of_recipe(thing.recipe)
    if isinstance(thing, type):
        thing = thing()
    if not hasattr(thing, "route"):
        if not callable(thing):
            raise ContractError(
                f"router {spec or shorten(thing)}",
                expected="route(batch)",
                got="no such method",
                fix="see docs/routers",
            )
        thing = FunctionRouter(thing)
    name = str(getattr(thing, "name", None) or type(thing).__name__)
    description = (getattr(thing, "__doc__", None) or "").strip().partition("\n")[0]
    fits = hasattr(thing, "fit")
    return Candidate(name, lambda seed: deepcopy(thing) if fits else thing, "cross" if fits else "unknown", description)


def arm_indices(answer: Decisions | Sequence[str], arms: tuple[str, ...], batch: QueryBatch, name: str) -> list[int]:
    """Check what a router answered and give each query's arm as an index into ``arms``.

    A name without its ``provider/`` is understood where it can mean one arm only.
    """
    chosen = answer.chosen_arms() if isinstance(answer, Decisions) else list(answer)
    if len(chosen) != len(batch):
        raise ContractError(
            f"router {name!r}",
            expected=f"{len(batch)} decisions",
            got=f"{len(chosen)}",
            fix="answer every query once",
        )
    place = _places(arms)
    unknown = next((row for row, arm in enumerate(chosen) if arm not in place), None)
    if unknown is not None:
        raise ContractError(
            f"router {name!r} query {batch.ids[unknown]}",
            expected="an arm of the table",
            got=shorten(chosen[unknown]),
            fix=nearest(str(chosen[unknown]), arms),
        )
    return [place[arm] for arm in chosen]


def _places(arms: tuple[str, ...]) -> dict[str, int]:
    """The index of every arm by its name, and by its name without the provider where no other arm shares it."""
    bare = [arm.partition("/")[2] for arm in arms]
    unambiguous = {name: j for j, name in enumerate(bare) if name and bare.count(name) == 1}
    return unambiguous | {arm: j for j, arm in enumerate(arms)}
