"""Builders of malformed inputs, and the good ones they start from. Each writes into a folder."""

from __future__ import annotations

import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

from routelab.core.types import Outcome, Query
from routelab.outcomes import OutcomeTable

Case = Callable[[Path], "Path | tuple[Path, list[str]]"]

ROW = {"id": "q1", "prompt": "2+2?", "model": "m", "score": 1.0, "cost_usd": 0.1}


def write(path: Path, content: bytes | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def rows(*records: Any, name: str = "rows.jsonl") -> Case:
    """A JSONL file of these records."""
    text = "".join(json.dumps(record) + "\n" for record in records)
    return lambda folder: write(folder / name, text)


def row(**changes: Any) -> Case:
    """A good record, then one with these changes."""
    return rows(ROW | {"id": "q0"}, ROW | changes)


def raw(content: bytes | str, name: str = "rows.jsonl") -> Case:
    return lambda folder: write(folder / name, content)


def mapped(case: Case, *options: str) -> Case:
    """The case, imported with more of the command line."""

    def build(folder: Path) -> tuple[Path, list[str]]:
        path = case(folder)
        assert isinstance(path, Path)
        return path, list(options)

    return build


def long_folder(queries: dict[str, Any] | None, outcomes: dict[str, Any] | None) -> Case:
    def build(folder: Path) -> Path:
        for name, columns in (("queries", queries), ("outcomes", outcomes)):
            if columns is not None:
                (folder / "set").mkdir(exist_ok=True)
                pl.DataFrame(columns).write_parquet(folder / "set" / f"{name}.parquet")
        return folder / "set"

    return build


def outcomes(**columns: list[Any]) -> Case:
    """A good long folder of two outcomes, with these columns changed."""
    good: dict[str, list[Any]] = {"id": ["q1", "q2"], "model": ["m", "m"], "score": [1.0, 0.0]}
    return long_folder({"id": ["q1", "q2"]}, good | columns)


def native(change: Callable[[Path], Any]) -> Case:
    """A good native table, then broken by ``change``."""

    def build(folder: Path) -> Path:
        place = folder / "native"
        table = OutcomeTable.create(place, [Query.ask("q", "2+2?")])
        table.append([Outcome(query_id="q", arm="m", score=1.0)])
        change(place)
        return place

    return build


def manifest(**changes: Any) -> Callable[[Path], Any]:
    def change(place: Path) -> None:
        content = json.loads((place / "manifest.json").read_text())
        (place / "manifest.json").write_text(json.dumps(content | changes))

    return change


def other_part(place: Path) -> None:
    """The part has another number of rows than the manifest says."""
    (part,) = place.glob("calls-*.parquet")
    pl.concat([pl.read_parquet(part)] * 2).write_parquet(part)


def truncated_part(place: Path) -> None:
    (part,) = place.glob("calls-*.parquet")
    part.write_bytes(part.read_bytes()[:-20])


def truncated_parquet(folder: Path) -> Path:
    path = folder / "x.parquet"
    pl.DataFrame({"id": ["q"] * 100, "model": ["m"] * 100, "score": [1.0] * 100}).write_parquet(path)
    path.write_bytes(path.read_bytes()[:200])
    return path


def endless_line(folder: Path) -> Path:
    """One gibibyte on one line, sparse on disk: reading it whole would be noticed."""
    path = write(folder / "rows.jsonl", json.dumps(ROW | {"prompt": "?" * 10_000}) + '\n{"id": "')
    with path.open("r+b") as stream:
        stream.truncate(1 << 30)
    return path


def zip_of(name: str, content: bytes) -> Case:
    def build(folder: Path) -> Path:
        path = folder / "archive.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, content)
        return path

    return build


def lying_zip(folder: Path) -> Path:
    """A bomb whose directory claims that it holds one byte."""
    path = zip_of("rows.jsonl", b" " * (32 << 20))(folder)
    assert isinstance(path, Path)
    data = bytearray(path.read_bytes())
    entry = data.rindex(b"PK\1\2")
    data[entry + 24 : entry + 28] = struct.pack("<I", 1)
    path.write_bytes(bytes(data))
    return path


def parquet(**columns: Any) -> Case:
    def build(folder: Path) -> Path:
        pl.DataFrame(columns).write_parquet(folder / "x.parquet")
        return folder / "x.parquet"

    return build


ARENA = {"global_index": "A_1", "question": "?", "llm_selected": "m", "success": True}
BENCH = "sample_id,prompt,eval_name,gpt,gpt|total_cost\n"
SPAN = {"attributes": [{"key": "gen_ai.request.model", "value": {"stringValue": "m"}}]}
SPEND = {"call_type": "completion", "model": "m", "spend": 0.1, "startTime": 1.5, "messages": "hi"}
