"""Traces of public services are read as their publishers describe them, and a bad row is named."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from routelab.core.errors import InputError
from routelab.workload.arrivals import read
from shared import needs_shared, shared_data


def write(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


def lines(path: Path, *rows: dict[str, object]) -> Path:
    return write(path, "".join(json.dumps(row) + "\n" for row in rows))


AZURE = (
    "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.9799600,4808,10\n2023-11-16 18:17:04.0319600,3180,8\n"
)
BURST = """Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type
5,ChatGPT,472,18,490,Conversation log
45,ChatGPT,0,0,0,Conversation log
118,GPT-4,417,276,693,API log
"""
BURST_WITH_SESSIONS = """Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type
5,7f,1.5,ChatGPT,472,18,490,Conversation log
9,,2.0,ChatGPT,10,1,11,API log
60,7f,1.5,ChatGPT,500,18,518,Conversation log
"""


def test_azure_2023_counts_from_its_first_request(tmp_path: Path) -> None:
    trace = read(write(tmp_path / "a.csv", AZURE))
    assert trace.time_s == pytest.approx([0.0, 0.052])
    assert trace.input_tokens.tolist() == [4808, 3180]
    assert trace.output_tokens.tolist() == [10, 8]


def test_azure_2024_has_a_time_zone(tmp_path: Path) -> None:
    text = AZURE.replace("2023-11-16 18:17:03.9799600", "2024-05-10 00:00:00.009930+00:00")
    text = text.replace("2023-11-16 18:17:04.0319600", "2024-05-10 00:00:01+00:00")
    assert read(write(tmp_path / "a.csv", text)).time_s == pytest.approx([0.0, 0.99007])


def test_burstgpt_has_models_and_leaves_failures_out(tmp_path: Path) -> None:
    trace = read(write(tmp_path / "b.csv", BURST))
    assert trace.time_s.tolist() == [5, 118]
    assert [trace.models[place] for place in trace.model] == ["ChatGPT", "GPT-4"]


def test_rows_are_counted_with_the_failures_among_them(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="row 3 Request tokens"):
        read(write(tmp_path / "b.csv", BURST.replace("GPT-4,417", "GPT-4,0")))


def test_burstgpt_of_release_two_has_sessions(tmp_path: Path) -> None:
    first, none, second = read(write(tmp_path / "b.csv", BURST_WITH_SESSIONS)).session
    assert first == second >= 0 > none


def test_mooncake_is_in_milliseconds_and_blocks_of_512(tmp_path: Path) -> None:
    path = lines(
        tmp_path / "m.jsonl",
        {"timestamp": 0, "input_length": 900, "output_length": 5, "hash_ids": [0, 14]},
        {"timestamp": 3000, "input_length": 512, "output_length": 1, "hash_ids": [0]},
    )
    trace = read(path)
    assert (trace.time_s.tolist(), trace.hash_tokens) == ([0, 3], 512)
    assert (trace.hash_ids.tolist(), trace.hash_starts.tolist()) == ([0, 14, 0], [0, 2, 3])


def test_bailian_threads_go_back_to_their_root(tmp_path: Path) -> None:
    rows = [(1, -1, 0.0), (2, 1, 1.5), (3, -1, 1.0), (4, 2, 9.0), (5, 77, 9.5)]
    path = lines(
        tmp_path / "q.jsonl",
        *[
            {
                "chat_id": own,
                "parent_chat_id": parent,
                "timestamp": time,
                "input_length": 17,
                "output_length": 3,
                "type": "text",
                "turn": 1,
                "hash_ids": [own, own + 1],
            }
            for own, parent, time in rows
        ],
    )
    trace = read(path)
    assert (trace.hash_tokens, trace.time_s.tolist()) == (16, [0, 1, 1.5, 9, 9.5])
    assert trace.session[0] == trace.session[2] == trace.session[3]
    assert len(set(trace.session.tolist())) == 3
    assert trace.hash_ids.tolist() == [1, 2, 3, 4, 2, 3, 4, 5, 5, 6]


def test_any_table_is_read_by_naming_its_columns(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "at,in,out,tenant\n1700000002,3,4,b\n1700000000,5,6,a\n")
    trace = read(path, columns={"time_s": "at", "input_tokens": "in", "output_tokens": "out", "session": "tenant"})
    assert trace.time_s.tolist() == [0, 2]
    assert trace.input_tokens.tolist() == [5, 3]
    assert trace.session.tolist() == [0, 1]


def test_our_own_columns_come_back(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "time_s": [0.5, 1.0],
            "input_tokens": [20, 40],
            "output_tokens": [1, 2],
            "region": ["eu", "us"],
            "priority": [1, 0],
            "query": [3, 4],
            "hash_ids": [[1, 2], [1, 2, 3]],
        }
    )
    frame.write_parquet(tmp_path / "t.parquet")
    trace = read(tmp_path / "t.parquet")
    assert (trace.regions, trace.region.tolist()) == (("eu", "us"), [0, 1])
    assert (trace.priority.tolist(), trace.query.tolist(), trace.hash_tokens) == ([1, 0], [3, 4], 16)


@pytest.mark.parametrize(
    ("old", "new", "where", "got"),
    [
        ("4808", "-5", "row 1 ContextTokens", "-5"),
        ("3180", "many", "row 2 ContextTokens", "many"),
        ("3180", "", "row 2 ContextTokens", "None"),
        ("3180", "1.5", "row 2 ContextTokens", "1.5"),
        ("3180", "nan", "row 2 ContextTokens", "nan"),
        (",8\n", ",0\n", "row 2 GeneratedTokens", "0"),
        ("2023-11-16 18:17:04.0319600", "yesterday", "row 2 TIMESTAMP", "yesterday"),
    ],
)
def test_a_bad_value_is_named_with_file_row_and_column(
    tmp_path: Path, old: str, new: str, where: str, got: str
) -> None:
    path = write(tmp_path / "a.csv", AZURE.replace(old, new))
    with pytest.raises(InputError) as caught:
        read(path)
    assert caught.value.where == f"{path} {where}"
    assert got in caught.value.got


@pytest.mark.parametrize("time", ["-1", "inf", "nan"])
def test_a_time_is_a_finite_number_from_zero_on(tmp_path: Path, time: str) -> None:
    with pytest.raises(InputError, match="row 1 Timestamp"):
        read(write(tmp_path / "b.csv", BURST.replace("5,ChatGPT,472", f"{time},ChatGPT,472")))


def test_a_line_that_is_not_json_is_named(tmp_path: Path) -> None:
    path = write(
        tmp_path / "m.jsonl", '{"timestamp": 0, "input_length": 9, "output_length": 5, "hash_ids": [0]}\n{"timest\n'
    )
    with pytest.raises(InputError, match="row 2"):
        read(path)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.csv", "a,b\n1,2\n", "known trace format"),
        ("a.csv", AZURE.partition("\n")[0] + "\n", "at least one request"),
        ("a.csv", "", "valid CSV"),
        ("a.parquet", "not parquet", "valid PARQUET"),
        ("a.txt", "", r"\.csv, \.jsonl or \.parquet"),
    ],
)
def test_a_file_that_is_no_trace_is_told_apart(tmp_path: Path, name: str, text: str, expected: str) -> None:
    with pytest.raises(InputError, match=expected):
        read(write(tmp_path / name, text))


def test_a_missing_file_and_a_wrong_format_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read(tmp_path / "none.csv")
    with pytest.raises(InputError, match='did you mean "azure"'):
        read(write(tmp_path / "a.csv", AZURE), "azur")
    with pytest.raises(InputError, match="'Timestamp'"):
        read(tmp_path / "a.csv", "burstgpt")
    with pytest.raises(InputError, match="input_tokens"):
        read(tmp_path / "a.csv", columns={"input_token": "ContextTokens"})


@pytest.mark.parametrize("ids", [[2**64 - 1, 2**63], [-5, 7]])
def test_hashes_of_64_bits_are_numbered_anew(tmp_path: Path, ids: list[int]) -> None:
    frame = pl.DataFrame(
        {"time_s": [0, 1], "input_tokens": [20, 16], "output_tokens": [1, 1], "hash_ids": [ids, ids[:1]]}
    )
    frame.write_parquet(tmp_path / "t.parquet")
    one, two, again = read(tmp_path / "t.parquet").hash_ids.tolist()
    assert one == again != two
    assert {one, two} == {0, 1}


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("session", [1]),
        ("model", {"name": "a"}),
        ("model", None),
        ("hash_ids", "x"),
        ("hash_ids", [None]),
        ("hash_ids", [1.5]),
        ("priority", 1e30),
        ("priority", True),
        ("time_s", True),
        ("time_s", "2024-01-01 00:00:00+02:00"),
        ("input_tokens", 10**17),
    ],
)
def test_a_column_of_the_wrong_kind_is_named(tmp_path: Path, column: str, value: object) -> None:
    row = {"time_s": 0, "input_tokens": 5, "output_tokens": 5, column: value}
    with pytest.raises(InputError, match=column):
        read(lines(tmp_path / "t.jsonl", row))


def test_content_whose_block_size_nobody_tells_is_an_error(tmp_path: Path) -> None:
    rows = {"time_s": 0, "input_tokens": 100, "output_tokens": 5, "hash_ids": [1, 2, 3]}
    path = lines(tmp_path / "t.jsonl", rows)
    with pytest.raises(InputError, match="give hash_tokens"):
        read(path)
    assert read(path, hash_tokens=40).hash_tokens == 40


CELLS = st.one_of(
    st.none(), st.integers(-5, 10**20), st.floats(), st.text(max_size=4), st.lists(st.integers(), max_size=3)
)
FIELDS = ("time_s", "input_tokens", "output_tokens", "session", "model", "hash_ids", "priority")


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.fixed_dictionaries(dict.fromkeys(FIELDS[:3], CELLS), optional=dict.fromkeys(FIELDS[3:], CELLS))))
def test_whatever_a_row_holds_it_is_read_or_named(tmp_path: Path, rows: list[dict[str, object]]) -> None:
    try:
        trace = read(lines(tmp_path / "t.jsonl", *rows))
    except InputError:
        return
    assert len(trace) == len(rows)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=80), st.sampled_from(["csv", "jsonl", "parquet"]))
def test_whatever_bytes_a_file_holds_they_are_read_or_refused(tmp_path: Path, data: bytes, suffix: str) -> None:
    path = tmp_path / f"t.{suffix}"
    path.write_bytes(AZURE.encode() * (suffix == "csv") + data)
    with suppress(InputError):
        assert len(read(path))


@needs_shared
@pytest.mark.parametrize(
    ("name", "requests", "mean_input", "hit"),
    [
        ("azure_llm_2023_conv", 19_366, 1155, None),
        ("azure_llm_2023_code", 8_819, 2048, None),
        ("mooncake_conversation", 12_031, 12_035, 0.366),
        ("mooncake_synthetic", 3_993, 15_326, 0.640),
    ],
)
def test_published_traces_have_their_published_figures(
    name: str, requests: int, mean_input: float, hit: float | None
) -> None:
    trace = read(shared_data("traces", f"{name}.parquet"))
    assert len(trace) == requests
    assert trace.input_tokens.mean() == pytest.approx(mean_input, abs=1)
    if hit is not None:
        assert trace.hash_tokens == 512
        _, first = np.unique(trace.hash_ids, return_index=True)
        assert 1 - len(first) / len(trace.hash_ids) == pytest.approx(hit, abs=0.001)
