"""The spine: what is written is read back, atomically and beside other writers; the dense view is what it says."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routelab.core import InputError, ModelCard, Outcome, Price, Query, Turn
from routelab.core.files import file_digest
from routelab.outcomes import SCHEMA_VERSION, OutcomeTable, dense, store
from routelab.outcomes.dense import ARRAYS
from routelab.outcomes.table import answer_frame, outcome_frame, query_frame

QUERIES = (
    Query.ask("q1", "2 + 2?", task="sums", split="train", metric="exact", reference="4", metadata={"b": [1], "a": "é"}),
    Query(
        id="q2",
        turns=(Turn("system", "be brief"), Turn("user", "hi"), Turn("assistant", "yes?"), Turn("user", "3 * 3?")),
        task="talk",
        split="test",
    ),
    Query(id="q3", task="hidden", split="test"),
)
CALLS = (
    Outcome(query_id="q1", arm="b", score=1.0, cost_usd=0.2, output_tokens=5, answer="4"),
    Outcome(query_id="q1", arm="a", score=0.5, cost_usd=0.1, time=dt.datetime(2026, 1, 2, tzinfo=dt.UTC), answer="5"),
    Outcome(query_id="q2", arm="a", score=0.0, cost_usd=0.3, answer="six"),
)


def in_memory(calls: tuple[Outcome, ...] = CALLS, queries: tuple[Query, ...] = QUERIES) -> OutcomeTable:
    return OutcomeTable.from_frames(query_frame(queries), outcome_frame(calls), answers=answer_frame(calls))


@pytest.fixture
def table(tmp_path: Path) -> OutcomeTable:
    return OutcomeTable.create(tmp_path / "table", QUERIES).append(CALLS)


# -- on disk --------------------------------------------------------------------------------------


def test_what_is_appended_is_what_is_opened(table: OutcomeTable) -> None:
    opened = OutcomeTable.open(table.folder)
    assert opened.query_list() == list(QUERIES)
    assert opened.calls.equals(outcome_frame(CALLS))
    assert opened.answers().equals(answer_frame(CALLS))
    assert opened.arms == ("a", "b") and opened.hash == table.hash == in_memory().hash


def test_a_folder_that_holds_a_table_is_not_overwritten(table: OutcomeTable) -> None:
    with pytest.raises(InputError, match="without a table"):
        OutcomeTable.create(table.folder, QUERIES)
    assert OutcomeTable.open(table.folder).hash == table.hash


@pytest.mark.parametrize(
    "wrong",
    [
        Outcome(query_id="q1", arm="a", score=0.5),  # known already
        Outcome(query_id="nobody", arm="a", score=0.5),
        Outcome(query_id="q3", arm="a", score=1.5),
    ],
)
def test_an_append_with_one_bad_call_adds_none(table: OutcomeTable, wrong: Outcome) -> None:
    before = sorted(table.folder.glob("*.parquet"))
    with pytest.raises(InputError):
        table.append([Outcome(query_id="q3", arm="b", score=1.0), wrong])
    assert OutcomeTable.open(table.folder).hash == table.hash
    assert sorted(table.folder.glob("*.parquet")) == before


def test_a_crash_between_part_and_manifest_leaves_the_old_table_whole(
    table: OutcomeTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    more = [Outcome(query_id="q3", arm="a", score=1.0, answer="yes")]
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(store, "write_text", crash)
        table.append(more)
    assert OutcomeTable.open(table.folder).hash == table.hash
    assert store.verify(table.folder) == []
    grown = table.append(more)
    assert grown.calls.height == 4 and OutcomeTable.open(table.folder).hash == grown.hash


def test_two_processes_append_at_once_and_nothing_is_lost(table: OutcomeTable) -> None:
    program = """
import sys
from routelab.core import Outcome
from routelab.outcomes import OutcomeTable
table = OutcomeTable.open(sys.argv[1])
for sample in range(5):
    table.append([Outcome(query_id="q3", arm=sys.argv[2], sample=sample, score=1.0, answer=sys.argv[2])])
"""
    writers = [subprocess.Popen([sys.executable, "-c", program, str(table.folder), arm]) for arm in ("x", "y")]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    grown = OutcomeTable.open(table.folder)
    added = grown.calls.filter(pl.col("query_id") == "q3").sort("arm", "sample")
    assert added["arm"].to_list() == ["x"] * 5 + ["y"] * 5
    assert added["sample"].to_list() == [*range(5), *range(5)]
    assert grown.answers().height == 13 and store.verify(table.folder) == []


def test_a_flipped_byte_is_found(table: OutcomeTable) -> None:
    assert store.verify(table.folder) == []
    (part,) = table.folder.glob("calls-*.parquet")
    content = bytearray(part.read_bytes())
    content[len(content) // 2] ^= 1
    part.write_bytes(content)
    assert store.verify(table.folder) == [part.name]


def version_0(folder: Path) -> Path:
    """A table as version 0 laid it out: ``id`` and ``model`` in place of ``query_id`` and ``arm``."""
    folder.mkdir()
    parts = {
        "queries": pl.DataFrame({"id": ["q1", "q3"], "prompt": ["2 + 2?", "3?"]}),
        "calls": pl.DataFrame({"id": ["q1"], "model": ["a"], "score": [1], "cost": [0.25]}),
    }
    manifest: dict[str, object] = {"name": "old", "schema_version": 0}
    for kind, frame in parts.items():
        frame.write_parquet(folder / f"{kind}.parquet")
        facts = {"file": f"{kind}.parquet", "rows": frame.height, "sha256": file_digest(folder / f"{kind}.parquet")}
        manifest[kind] = [facts]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def test_a_table_of_version_0_is_read_and_grown_as_today_s(tmp_path: Path) -> None:
    old = OutcomeTable.open(version_0(tmp_path / "old"))
    assert old.calls.select("query_id", "arm", "sample", "score", "cost_usd").rows() == [("q1", "a", 0, 1.0, 0.25)]
    old.append([Outcome(query_id="q3", arm="a", score=0.0)])
    grown = OutcomeTable.open(old.folder)
    assert grown.queries["query_id"].to_list() == ["q1", "q3"]
    assert grown.calls.select("query_id", "arm", "score").rows() == [("q1", "a", 1.0), ("q3", "a", 0.0)]


def test_a_table_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = version_0(tmp_path / "new") / "manifest.json"
    path.write_text(path.read_text().replace('"schema_version": 0', f'"schema_version": {SCHEMA_VERSION + 1}'))
    with pytest.raises(InputError, match="upgrade routelab"):
        OutcomeTable.open(path.parent)


# -- the content's hash ---------------------------------------------------------------------------


@settings(max_examples=20, deadline=None)
@given(st.permutations(CALLS), st.permutations(QUERIES))
def test_the_hash_does_not_see_the_order_of_rows(calls: list[Outcome], queries: list[Query]) -> None:
    assert in_memory(tuple(calls), tuple(queries)).hash == in_memory().hash


def test_the_hash_does_not_see_the_layout_in_parts(tmp_path: Path) -> None:
    table = OutcomeTable.create(tmp_path / "parts", QUERIES)
    for call in CALLS[::-1]:
        table = table.append([call])
    assert len(list(table.folder.glob("calls-*.parquet"))) == 3
    assert OutcomeTable.open(table.folder).hash == in_memory().hash


def changed_talk() -> tuple[Query, ...]:
    """Another assistant turn: what the user said is the same."""
    turns = (*QUERIES[1].turns[:2], Turn("assistant", "no?"), QUERIES[1].turns[3])
    return (QUERIES[0], Query(id="q2", turns=turns, task="talk", split="test"), QUERIES[2])


@pytest.mark.parametrize(
    "other",
    [
        in_memory(CALLS[:2]),
        in_memory((*CALLS[:2], Outcome(query_id="q2", arm="a", score=1e-9, cost_usd=0.3))),
        in_memory((*CALLS[:2], Outcome(query_id="q2", arm="a", cost_usd=0.3))),
        in_memory(queries=changed_talk()),
    ],
    ids=["a call less", "another score", "an unknown score", "another turn"],
)
def test_the_hash_sees_every_change(other: OutcomeTable) -> None:
    assert other.hash != in_memory().hash


# -- narrowing, joining, re-pricing ---------------------------------------------------------------


def test_select_narrows_queries_calls_and_answers(table: OutcomeTable) -> None:
    by_arm, by_id, by_label = (
        table.select(arms=["b"]),
        table.select(query_ids=["q2"]),
        table.select(where={"task": "sums"}),
    )
    assert by_arm.queries.height == 3 and by_arm.arms == ("b",) and by_arm.answers()["answer"].to_list() == ["4"]
    assert by_id.answers()["answer"].to_list() == ["six"]
    assert by_label.calls["query_id"].to_list() == ["q1", "q1"]


@pytest.mark.parametrize(
    ("narrow", "fix"),
    [
        ({"arms": ["zzz"]}, "use one of: a, b"),
        ({"where": {"taks": "sums"}}, 'did you mean "task"?'),
        ({"where": {"task": "sum"}}, 'did you mean "sums"?'),
    ],
)
def test_a_selection_that_names_nothing_says_what_there_is(narrow: dict[str, object], fix: str) -> None:
    with pytest.raises(InputError) as caught:
        in_memory().select(**narrow)  # type: ignore[arg-type]
    assert caught.value.fix == fix


def test_split_and_concat_undo_each_other(table: OutcomeTable) -> None:
    parts = table.split()
    assert list(parts) == ["train", "test"]
    whole = parts["train"].concat(parts["test"])
    assert whole.hash == table.hash and whole.answers().height == 3
    assert table.concat(table).hash == table.hash, "what is known twice alike is kept once"
    with pytest.raises(InputError, match='did you mean "split"'):
        table.split("splits")


def test_tables_that_contradict_each_other_are_not_joined() -> None:
    other = in_memory((Outcome(query_id="q1", arm="a", score=0.0),))
    with pytest.raises(InputError, match="once"):
        in_memory().concat(other)


def test_to_frame_has_one_row_a_call_with_its_query_beside_it(table: OutcomeTable) -> None:
    frame = table.to_frame()
    assert frame.select("query_id", "arm", "task").rows() == [
        ("q1", "b", "sums"),
        ("q1", "a", "sums"),
        ("q2", "a", "talk"),
    ]


def test_repricing_bills_the_recorded_tokens_at_the_prices_of_a_day() -> None:
    january, june = (
        Price(input_usd_per_mtok=rate, output_usd_per_mtok=4, cached_input_usd_per_mtok=0, date=day, source="list")
        for rate, day in ((2, dt.date(2026, 1, 1)), (1, dt.date(2026, 6, 1)))
    )
    tokens = {"input_tokens": 1000, "cached_tokens": 100, "output_tokens": 10}
    made = (
        Outcome(query_id="q1", arm="m@low", cost_usd=9.0, **tokens),
        Outcome(query_id="q1", arm="m", cost_usd=9.0, input_tokens=1000),
        Outcome(query_id="q1", arm="free", cost_usd=9.0, **tokens),
    )
    table = OutcomeTable.from_frames(
        query_frame(QUERIES), outcome_frame(made), models=[ModelCard(id="m", prices=(january, june))]
    )
    old, unknown_tokens, no_card = table.reprice(dt.date(2026, 2, 1)).calls["cost_usd"]
    assert old == pytest.approx((900 * 2 + 10 * 4) / 1e6) == january.cost_usd(1000, 10, cached=100)
    assert unknown_tokens is None and no_card is None
    assert table.reprice().calls["cost_usd"][0] == pytest.approx((900 * 1 + 10 * 4) / 1e6)
    assert table.reprice(dt.date(2025, 1, 1)).calls["cost_usd"].null_count() == 3


# -- the dense view -------------------------------------------------------------------------------


def test_dense_means_over_samples_and_leaves_what_nobody_asked_unknown() -> None:
    view = dense(
        in_memory(
            (
                Outcome(query_id="q1", arm="b", sample=0, score=1.0, cost_usd=0.2),
                Outcome(query_id="q1", arm="b", sample=1, score=0.0, cost_usd=0.4),
                Outcome(query_id="q2", arm="a", score=1.0, cost_usd=0.1),
                Outcome(query_id="q2", arm="a", turn=1, score=0.0, cost_usd=7.0),
            )
        )
    )
    nan = np.nan
    assert (view.query_ids, view.arms) == (("q1", "q2", "q3"), ("a", "b"))
    np.testing.assert_array_equal(view.score, [[nan, 0.5], [1.0, nan], [nan, nan]])
    np.testing.assert_allclose(view.cost_usd, [[nan, 0.3], [0.1, nan], [nan, nan]])
    assert view.has_cost


def test_a_failed_call_scores_nothing_and_costs_what_was_billed() -> None:
    calls = (
        Outcome(query_id="q1", arm="a", error="timeout"),
        Outcome(query_id="q1", arm="b", error="cut off", cost_usd=0.2),
        Outcome(query_id="q2", arm="a", cost_usd=0.1),
    )
    view = dense(in_memory(calls))
    np.testing.assert_array_equal(view.score, [[0, 0], [np.nan, np.nan], [np.nan, np.nan]])
    np.testing.assert_array_equal(view.cost_usd, [[0, 0.2], [0.1, np.nan], [np.nan, np.nan]])


def test_one_unknown_cost_makes_the_costs_unknown() -> None:
    assert not dense(in_memory((CALLS[0], Outcome(query_id="q2", arm="b", score=1.0)))).has_cost


def test_rows_and_columns_narrow_every_array_alike() -> None:
    view = dense(in_memory())
    small = view.rows(np.array([1, 0])).columns(("b", "a"))
    assert (small.query_ids, small.arms) == (("q2", "q1"), ("b", "a"))
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(small, name), getattr(view, name)[[1, 0]][:, [1, 0]])
    with pytest.raises(InputError, match="use one of: a, b"):
        view.columns(("zzz",))


# -- a million cells ------------------------------------------------------------------------------

N, K = 50_000, 20


@pytest.fixture(scope="module")
def million(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OutcomeTable]:
    ids = np.char.add("q", np.arange(N).astype(str))
    calls = pl.DataFrame(
        {
            "query_id": np.repeat(ids, K),
            "arm": [f"arm{j:02d}" for j in range(K)] * N,
            "score": np.random.default_rng(0).random(N * K).round(2),
            "cost_usd": np.full(N * K, 1e-4),
        }
    )
    yield OutcomeTable.from_frames(pl.DataFrame({"query_id": ids}), calls).save(
        tmp_path_factory.mktemp("big") / "table"
    )


def test_a_million_cells_are_opened_as_they_were_saved(million: OutcomeTable) -> None:
    opened = OutcomeTable.open(million.folder)
    assert opened.calls.height == N * K
    assert opened.calls.equals(million.calls) and opened.queries.equals(million.queries)


def test_the_dense_view_of_a_large_table_is_mapped_from_the_cache(
    million: OutcomeTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROUTELAB_CACHE", str(tmp_path))
    first = dense(million)
    assert isinstance(first.score, np.memmap)
    np.testing.assert_array_equal(first.score, million.calls["score"].to_numpy().reshape(N, K))
    written = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.npy")}
    again = dense(OutcomeTable.open(million.folder))
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.npy")} == written and len(written) == 5
    np.testing.assert_array_equal(again.score, first.score)
