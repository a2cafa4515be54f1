"""Where the rows of a data set come from: the hub's own Parquet conversion, or files in a folder.

From the hub only the first Parquet file of a split is downloaded, which bounds time and disk; a large split is then
sampled within that file. No script of a data set is ever run. Knows nothing of layouts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

import polars as pl

from routelab.core.errors import InputError, PrerequisiteError, RoutelabError, need_extra, shorten
from routelab.outcomes.importers.reading import records
from routelab.outcomes.store import read_parquet
from routelab.workload.sources.source import Source

Fetch = Callable[[Source], pl.DataFrame]
"""The rows of a source's configuration and split."""

SUFFIXES = (".parquet", ".jsonl", ".json", ".csv")
CONVERTED = "refs/convert/parquet"
PATIENCE_S = 10.0


class Hub(Protocol):
    """The two calls of ``huggingface_hub.HfApi`` that are made; the first fails at once without a network."""

    def dataset_info(self, repo_id: str, *, revision: str, timeout: float) -> Any: ...
    def hf_hub_download(self, repo_id: str, filename: str, *, repo_type: str, revision: str) -> Any: ...


def from_folder(folder: Path) -> Fetch:
    """Read ``folder/NAME.parquet`` (or ``.jsonl``, ``.json``, ``.csv``) for the source of that name."""

    def fetch(source: Source) -> pl.DataFrame:
        files = [file for suffix in SUFFIXES if (file := folder / f"{source.name}{suffix}").is_file()]
        if not files:
            raise InputError(
                str(folder / source.name),
                expected=f"a file that ends in {' or '.join(SUFFIXES)}",
                got="none",
                fix=f"put the split {source.split} of {source.repo or source.name} there, or leave this source out",
            )
        if files[0].suffix == ".parquet":
            return read_parquet(files[0])
        return pl.DataFrame([record.row for record in records(files[0])], infer_schema_length=None)

    return fetch


def from_hub(hub: Hub | None = None) -> Fetch:
    """Download from the hub; raises PrerequisiteError where it cannot be reached or has no such data."""

    def fetch(source: Source) -> pl.DataFrame:
        if source.repo is None:
            raise _unreachable(source, "no repository is known for it")
        api = hub or _api()
        try:
            known = api.dataset_info(source.repo, revision=CONVERTED, timeout=PATIENCE_S)
            files = [file.rfilename for file in known.siblings or ()]
            first = _first(files, source)
            place = api.hf_hub_download(source.repo, first, repo_type="dataset", revision=CONVERTED)
        except RoutelabError:
            raise
        except Exception as error:  # its many ways to fail share no base but this one
            raise _unreachable(source, str(error).partition("\n")[0] or type(error).__name__) from None
        return read_parquet(Path(place))

    return fetch


def _api() -> Hub:
    try:
        import huggingface_hub
    except ImportError:
        raise need_extra("huggingface_hub", "hub", "reading public data sets") from None
    api: Hub = huggingface_hub.HfApi()
    return api


def _first(files: Sequence[str], source: Source) -> str:
    """The first ``config/split/0000.parquet``; the hub calls the split of a huge set ``partial-split``."""
    splits = (source.split, f"partial-{source.split}")
    found = [
        file
        for file in sorted(files)
        if len(parts := PurePosixPath(file).parts) == 3
        and parts[1] in splits
        and parts[0] == (source.config or parts[0])
    ]
    if not found:
        raise _unreachable(source, f"it has only {', '.join(sorted(files)[:4]) or 'no Parquet'}")
    return found[0]


def _unreachable(source: Source, reason: str) -> PrerequisiteError:
    return PrerequisiteError(
        f"source {source.name}",
        expected=f"the split {source.split} of {source.repo or source.name} on a reachable hub",
        got=shorten(reason),
        fix=f"check the network (and a token where its terms must be accepted), or put {source.name}.parquet or "
        f"{source.name}.jsonl into a folder and give it in the recipe with `folder: PATH`",
    )
