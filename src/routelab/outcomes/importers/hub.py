"""Data sets of the Hugging Face hub by name, downloaded with ``huggingface_hub`` and read as files.

``hf:owner/name`` (or ``--format hf owner/name``) fetches the data files of a data set, never its scripts,
and hands them to the importer that recognises them. The only importer that needs a network; it says so when
it fails.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from routelab.core.errors import InputError, PrerequisiteError, need_extra, shorten
from routelab.outcomes.importers.base import Imported, checked_options
from routelab.outcomes.importers.reading import DATA_SUFFIXES

OPTIONS: Mapping[str, str] = {
    "revision": "the branch, tag or commit (default: the newest)",
    "files": "which files, as a pattern like data/test*.parquet (default: all data files)",
    "as": "the format of these files (default: recognised)",
}

_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


def recognises(row: Mapping[str, Any]) -> bool:
    """A data set is named, never recognised."""
    return False


def read(path: Path, *, options: Mapping[str, str]) -> Imported:
    """Download ``owner/name`` and read it; raises PrerequisiteError where the hub cannot be reached."""
    from routelab.outcomes.importers.opening import import_table  # the hub is one of its formats

    checked_options(options, OPTIONS, "hf")
    name = str(path)
    if not _NAME.fullmatch(name):
        raise InputError("hf", expected="a data set's owner/name", got=shorten(name), fix="write it like hf:owner/name")
    place = _download(name, options)
    imported = import_table(place, format=options.get("as"), name=name.rpartition("/")[2])
    imported.report.source = f"hf:{name}"
    return imported


def _download(name: str, options: Mapping[str, str]) -> Path:
    try:
        import huggingface_hub
    except ImportError:
        raise need_extra("huggingface_hub", "hub", f"hf:{name}") from None
    wanted = [options["files"]] if "files" in options else [f"*{suffix}" for suffix in DATA_SUFFIXES]
    try:
        place = huggingface_hub.snapshot_download(
            name, repo_type="dataset", revision=options.get("revision"), allow_patterns=wanted
        )
    except Exception as error:  # its many ways to fail share no base but this one
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise PrerequisiteError(
            f"hf:{name}",
            expected="a reachable hub that has this data set",
            got=shorten(reason),
            fix="check the name and the network, or download the files and import their folder",
        ) from None
    return Path(place)
