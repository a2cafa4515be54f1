"""What somebody submits: one file or one folder, and the manifest that says what it is.

A folder holds a ``submission.yaml``; a lone file (an artifact folder, a recipe, a Python file, decisions,
RouterArena's predictions) is a submission too, named after itself. Reads and checks shapes; runs nothing.
"""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from routelab.core import registry
from routelab.core.config import convert, load_yaml
from routelab.core.errors import InputError, nearest
from routelab.core.files import canonical_json, file_digest

Kind = Literal["recipe", "artifact", "code", "endpoint", "decisions", "predictions"]
KINDS: tuple[Kind, ...] = ("recipe", "artifact", "code", "endpoint", "decisions", "predictions")
MANIFEST = "submission.yaml"
LARGEST_BYTES = 256 << 20
MOST_FILES = 1000
TABULAR = (".parquet", ".csv", ".jsonl")

Name = Annotated[str, msgspec.Meta(pattern=r"^\w[\w .*+()@/-]{0,63}$")]
Line = Annotated[str, msgspec.Meta(max_length=400)]


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who submits which router. Exactly one of ``recipe`` … ``predictions`` is given; paths lie in the folder.

    Attributes:
        recipe: a catalogue entry or a recipe file; the board fits it on folds of its own.
        artifact: a folder that ``routelab fit`` or ``calibrate`` wrote.
        code: ``router.py:object`` with ``route(batch)`` or a function of a prompt; runs sandboxed, without network.
        endpoint: an OpenAI-compatible address; the chosen model is read from its answer. No key of the board's is sent.
        decisions: a table of ``query_id`` and ``arm``, or ``calls`` made in order, the last of which answers.
        predictions: RouterArena's prediction file; ``robustness`` and ``config`` are its companions.
        trained_on: what the router was fitted on, in the submitter's words.
        open_source: claims that anyone can run it; ``source_url`` and ``licence`` say where and how.
    """

    name: Name
    owner: Name = "anonymous"
    recipe: str | None = None
    artifact: str | None = None
    code: str | None = None
    endpoint: str | None = None
    decisions: str | None = None
    predictions: str | None = None
    robustness: str | None = None
    config: str | None = None
    description: Line = ""
    trained_on: tuple[Line, ...] = ()
    open_source: bool = False
    source_url: Line | None = None
    licence: Line | None = None

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """Which kinds are named; one, in a manifest that is right."""
        return tuple(kind for kind in KINDS if getattr(self, kind) is not None)


@dataclass(frozen=True)
class Submission:
    """A manifest and where its files lie. ``id`` is the hash of all of it: equal ids are the same submission."""

    manifest: Manifest
    folder: Path
    id: str

    @property
    def kind(self) -> Kind:
        return self.manifest.kinds[0]

    @property
    def what(self) -> str:
        """The value behind the kind: a name, an address, or a path in the folder."""
        return str(getattr(self.manifest, self.kind))

    @property
    def path(self) -> Path:
        """Where the submitted file or folder lies; raises InputError where it leaves the submission's folder."""
        return inside(self.folder, self.what.partition(":")[0] if self.kind == "code" else self.what, self.kind)


def read_submission(path: Path | str) -> Submission:
    """The submission at ``path``; raises InputError for what is none. A catalogue name is a submission as well."""
    place = Path(path)
    if not place.exists():
        if str(path) in registry.names("routelab.routers"):
            return _submission(Manifest(name=str(path), recipe=str(path)), Path())
        fix = nearest(str(path), registry.names("routelab.routers"))
        raise InputError(f"submission {path}", expected="a file, a folder or a catalogue name", got="none", fix=fix)
    if place.is_dir():
        if (place / MANIFEST).is_file():
            return _submission(_manifest(load_yaml(place / MANIFEST), place / MANIFEST), place)
        if (place / "router.json").is_file():
            return _submission(Manifest(name=_named(place), artifact=place.name), place.resolve().parent)
        raise InputError(
            f"submission {place}",
            expected=f"{MANIFEST} or an artifact's router.json in the folder",
            got="neither",
            fix=f"write {MANIFEST}: name, owner and one of {', '.join(KINDS)}",
        )
    return _of_file(place)


def owned_by(one: Submission, owner: str) -> Submission:
    """The same submission in another's name."""
    said = msgspec.to_builtins(one.manifest) | {"owner": owner}
    return _submission(convert(said, Manifest, "owner"), one.folder)


def inside(folder: Path, name: str, where: str) -> Path:
    """``folder / name``, which must exist and lie in the folder, links followed; raises InputError otherwise."""
    place = folder / name
    if not place.exists():
        raise InputError(where, expected=f"a file or folder {name!r} beside the manifest", got="none", fix="add it")
    if not place.resolve().is_relative_to(folder.resolve()):
        raise InputError(where, expected="a path inside the submission", got=name, fix="copy the file into the folder")
    return place


def files_of(submission: Submission) -> list[Path]:
    """Every file that is part of the submission, sorted; raises InputError for links that leave it and for too much."""
    manifest = submission.manifest
    if submission.kind == "endpoint" or (submission.kind == "recipe" and not _is_file(submission)):
        return []
    roots = [submission.path]
    if (submission.folder / MANIFEST).is_file():
        roots.append(submission.folder)
    roots += [inside(submission.folder, name, "file") for name in (manifest.robustness, manifest.config) if name]
    found: set[Path] = set()
    for root in roots:
        found |= {path for path in (root.rglob("*") if root.is_dir() else [root]) if not path.is_dir()}
    if len(found) > MOST_FILES:
        raise InputError(
            "submission", expected=f"at most {MOST_FILES} files", got=f"{len(found)}", fix="leave some out"
        )
    size = 0
    for path in found:
        inside(submission.folder, str(path.relative_to(submission.folder)), str(path))
        if not path.is_file():
            raise InputError(str(path), expected="a regular file", got="something else", fix="leave it out")
        size += path.stat().st_size
    if size > LARGEST_BYTES:
        raise InputError(
            "submission", expected=f"at most {LARGEST_BYTES >> 20} MiB", got=f"{size >> 20} MiB", fix="shrink it"
        )
    return sorted(found - {submission.folder / MANIFEST})


def copy_files(submission: Submission, target: Path) -> None:
    """Copy everything that is part of the submission; all may read the copy, whoever could read the original."""
    target.mkdir()
    for path in files_of(submission):
        place = target / path.relative_to(submission.folder)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place)
    for each in (target, *target.rglob("*")):
        each.chmod(0o755 if each.is_dir() else 0o644)


def _is_file(submission: Submission) -> bool:
    return submission.what.endswith((".yaml", ".yml"))


def _submission(manifest: Manifest, folder: Path) -> Submission:
    if len(manifest.kinds) != 1:
        raise InputError(
            "submission",
            expected=f"exactly one of {', '.join(KINDS)}",
            got=", ".join(manifest.kinds) or "none",
            fix="name the one thing that is submitted",
        )
    unhashed = Submission(manifest, folder, "")
    parts = [canonical_json(msgspec.to_builtins(manifest))]
    parts += [f"{path.relative_to(folder)}\0{file_digest(path)}".encode() for path in files_of(unhashed)]
    return Submission(manifest, folder, hashlib.sha256(b"\n".join(parts)).hexdigest()[:32])


def _manifest(value: Any, place: Path) -> Manifest:
    return convert(value, Manifest, str(place))


def _of_file(place: Path) -> Submission:
    folder, name = place.resolve().parent, place.stem
    if place.suffix in (".yaml", ".yml"):
        value = load_yaml(place)
        if isinstance(value, dict) and not set(value).isdisjoint(KINDS):
            return _submission(_manifest(value, place), folder)
        return _submission(Manifest(name=str(value.get("name", name)) if isinstance(value, dict) else name,
                                    recipe=place.name), folder)  # fmt: skip
    if place.suffix == ".py":
        return _submission(Manifest(name=name, code=f"{place.name}:router"), folder)
    if place.suffix in TABULAR:
        return _submission(Manifest(name=name, decisions=place.name), folder)
    if place.suffix == ".json":
        return _submission(Manifest(name=name, predictions=place.name), folder)
    raise InputError(
        f"submission {place}",
        expected=f"a folder, or a file that ends in .yaml, .py, .json or {', '.join(TABULAR)}",
        got=place.suffix or "no ending",
        fix="see docs/leaderboard.md",
    )


def _named(artifact: Path) -> str:
    value = load_yaml(artifact / "router.json")
    recipe = value.get("recipe") if isinstance(value, dict) else None
    return str(recipe.get("name", artifact.name)) if isinstance(recipe, dict) else artifact.name
