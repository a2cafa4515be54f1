"""A trace read in parts is the trace read whole, or an error that says what only the whole file tells."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from routelab.core.arrivals import Arrivals
from routelab.core.errors import InputError
from routelab.workload.arrivals import load, load_blocks, read, read_parts, streamed
from routelab.workload.arrivals.combine import COLUMNS

N = 1000


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamed, "ROWS", 64)
    monkeypatch.setattr(streamed, "CHUNK_BYTES", 2000)


def trace(**columns: object) -> pl.DataFrame:
    draw = np.random.default_rng(0)
    base = {"time_s": np.cumsum(draw.exponential(1.0, N)), "input_tokens": draw.integers(1, 900, N)}
    return pl.DataFrame(base | {"output_tokens": draw.integers(1, 300, N)} | columns)


def written(folder: Path, frame: pl.DataFrame, suffix: str) -> Path:
    path = folder / f"trace.{suffix}"
    {"csv": frame.write_csv, "jsonl": frame.write_ndjson, "parquet": frame.write_parquet}[suffix](path)
    return path


def joined(parts: list[Arrivals]) -> dict[str, list[object]]:
    names = [*COLUMNS, "hash_ids"]
    return {name: np.concatenate([getattr(part, name) for part in parts]).tolist() for name in names}


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_parts_are_the_whole(tmp_path: Path, suffix: str) -> None:
    names = np.random.default_rng(1).choice(["small", "medium", "large"], N)
    frame = trace(model=names, region=names[::-1], session=np.arange(N) % 7, priority=np.arange(N) % 3)
    path = written(tmp_path, frame, suffix)
    parts, whole = list(read_parts(path)), read(path)
    assert joined(parts) == joined([whole])
    assert {part.models for part in parts} == {whole.models} and max(map(len, parts)) <= 64 < len(whole)


def test_content_and_dates_too(tmp_path: Path) -> None:
    frame = trace()
    ids = [list(range(row, row + -(-length // 512))) for row, length in enumerate(frame["input_tokens"])]
    mooncake = frame.select(
        timestamp=(1000 * pl.col("time_s")).cast(int), input_length="input_tokens", output_length="output_tokens"
    ).with_columns(hash_ids=pl.Series(ids))
    path = written(tmp_path, mooncake, "jsonl")
    assert joined(list(read_parts(path))) == joined([read(path)])
    azure = frame.select(
        TIMESTAMP=pl.datetime(2024, 5, 10) + pl.duration(microseconds=(1e6 * pl.col("time_s")).cast(int)),
        ContextTokens="input_tokens",
        GeneratedTokens="output_tokens",
    ).with_columns(pl.col("TIMESTAMP").dt.strftime("%Y-%m-%d %H:%M:%S%.6f"))
    path = written(tmp_path, azure, "csv")
    assert joined(list(read_parts(path))) == joined([read(path)])


def test_a_break_within_quotes_ends_no_row(tmp_path: Path) -> None:
    path = written(tmp_path, trace(note=['two\nlines, and, "quotes"'] * N), "csv")
    assert joined(list(read_parts(path))) == joined([read(path)])


@pytest.mark.parametrize(
    ("columns", "suffix", "said"),
    [
        ({"time_s": np.append(np.arange(N - 1.0), 3.0)}, "csv", "row 1000 time_s: expected times in order"),
        ({"output_tokens": np.append(np.ones(N - 1, int), 0)}, "parquet", "row 1000 output_tokens"),
        ({"session": ["ann"] * N}, "jsonl", "row 1 session"),
        ({"hash_ids": [[1]] * N}, "parquet", "hash_tokens"),
        ({"hash_ids": [[-1]] * N}, "parquet", "hash_ids"),
    ],
)
def test_what_only_the_whole_file_tells_is_refused(
    tmp_path: Path, columns: dict[str, object], suffix: str, said: str
) -> None:
    path = written(tmp_path, trace(**columns), suffix)
    with pytest.raises(InputError, match=said):
        list(read_parts(path, hash_tokens=512 if said == "hash_ids" else None))


def test_an_empty_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "trace.csv").write_text("")
    with pytest.raises(InputError, match="at least one request"):
        list(read_parts(tmp_path / "trace.csv"))


@pytest.mark.parametrize("rest", ["n: 70", "horizon_s: 200", "n: 64", "{}", "region: eu", "scale: 2", "n: 900"])
def test_a_workload_in_blocks_is_the_workload(tmp_path: Path, rest: str) -> None:
    written(tmp_path, trace(), "csv")
    more = "" if rest == "{}" else rest
    (tmp_path / "work.yaml").write_text(f"kind: trace\npath: trace.csv\n{more}\n")
    parts, whole = list(load_blocks(tmp_path / "work.yaml", 3)), load(tmp_path / "work.yaml", 3)
    assert joined(parts) == joined([whole]) and {part.regions for part in parts} == {whole.regions}
