"""Artifacts: a frozen fit comes back bit for bit, without pickle, or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import numpy as np
import pytest
from safetensors.numpy import load_file

from routelab.arena import resolve
from routelab.arena.contenders import obstacle
from routelab.core import InputError, registry
from routelab.encode import QueryBatch
from routelab.router import Recipe, Router, artifact_hash, load_artifact, save_artifact
from routelab.router.catalogue import best_single, ridge
from routelab.router.worlds import plant

WORLD = plant("missing")
NAMES = registry.names("routelab.routers")


def stranger(batch: QueryBatch) -> QueryBatch:
    """The same prompts, with nothing remembered about them."""
    return QueryBatch.of(batch.texts or ())


def fitted(recipe: Recipe, seed: int = 0) -> Router:
    return Router(recipe, seed=seed).fit(stranger(WORLD.train), WORLD.known)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_artifact(fitted(ridge), tmp_path / "frozen")
    return tmp_path / "frozen"


@pytest.mark.parametrize("name", NAMES)
def test_a_loaded_router_decides_and_predicts_bit_for_bit_the_same(name: str, tmp_path: Path) -> None:
    recipe = registry.load("routelab.routers", name)
    if missing := obstacle(recipe):
        pytest.skip(str(missing))
    router = fitted(recipe)
    saved = save_artifact(router, tmp_path)
    loaded = load_artifact(tmp_path)
    assert saved == artifact_hash(router) == artifact_hash(loaded)
    for dial in (None, 0.3):
        before = router.route(stranger(WORLD.test), dial=dial)
        after = loaded.route(stranger(WORLD.test), dial=dial)
        for column in ("pick", "beat", "reason", "score", "cost_usd"):
            assert np.array_equal(getattr(before, column), getattr(after, column)), column


def test_saving_twice_writes_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    save_artifact(load_artifact(folder), tmp_path / "again")
    for name in ("router.json", "arrays.safetensors"):
        assert (folder / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_equal_fits_share_a_hash_and_others_do_not() -> None:
    assert artifact_hash(fitted(ridge)) == artifact_hash(fitted(ridge))
    assert artifact_hash(fitted(ridge)) != artifact_hash(fitted(msgspec.structs.replace(ridge, dial=0.1)))
    assert artifact_hash(fitted(ridge)) != artifact_hash(fitted(best_single))


def test_a_folder_holds_json_and_plain_arrays_only(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == ["arrays.safetensors", "router.json"]
    assert json.loads((folder / "router.json").read_text())["arms"] == sorted(WORLD.known.arms)
    assert all(array.dtype != object for array in load_file(folder / "arrays.safetensors").values())


def test_an_artifact_is_judged_as_it_is(folder: Path) -> None:
    candidate = resolve(folder)
    assert candidate.fit == "frozen"
    assert candidate.artifact_hash == artifact_hash(load_artifact(folder))
    assert candidate.recipe_hash == ridge.hash


# -- what is not what was saved is refused -----------------------------------------------------------------


@pytest.mark.parametrize("place", [8, 400, -1])
def test_one_changed_byte_of_the_arrays_is_refused(folder: Path, place: int) -> None:
    arrays = folder / "arrays.safetensors"
    data = bytearray(arrays.read_bytes())
    data[place] ^= 1
    arrays.write_bytes(data)
    with pytest.raises(InputError, match="expected the artifact that was saved"):
        load_artifact(folder)


def test_arrays_cut_short_missing_or_of_another_router_are_refused(folder: Path, tmp_path: Path) -> None:
    arrays = folder / "arrays.safetensors"
    whole = arrays.read_bytes()
    save_artifact(fitted(best_single), tmp_path / "other")
    for data in (whole[:-1], b"", (tmp_path / "other" / "arrays.safetensors").read_bytes()):
        arrays.write_bytes(data)
        with pytest.raises(InputError, match="expected the artifact that was saved"):
            load_artifact(folder)
    arrays.unlink()
    with pytest.raises(InputError, match="expected the artifact that was saved"):
        load_artifact(folder)


def test_a_description_that_is_not_one_is_refused(folder: Path) -> None:
    path = folder / "router.json"
    good = json.loads(path.read_text())
    for text, told in (
        ("{", "JSON"),
        (json.dumps(good | {"armz": []}), "did you mean|known key"),
        (json.dumps(good | {"arms": "lab/small"}), "arms"),
        (json.dumps({key: value for key, value in good.items() if key != "recipe"}), "recipe"),
    ):
        path.write_text(text)
        with pytest.raises(InputError, match=told):
            load_artifact(folder)


@pytest.mark.parametrize("change", [{"fallback": 1}, {"seed": 9}, {"format_version": 1}, {"artifact_hash": "0" * 16}])
def test_an_edited_description_is_refused(folder: Path, change: dict[str, object]) -> None:
    path = folder / "router.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(InputError, match="expected the artifact that was saved"):
        load_artifact(folder)


def test_a_folder_that_is_not_an_artifact_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"router\.json"):
        load_artifact(tmp_path)
