"""From a recipe to a frozen suite: what the gates take out, what a rerun gives, what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from routelab.core import InputError, Outcome, Query
from routelab.outcomes import OutcomeTable
from routelab.workload.build import build, pass_gates, read_recipe
from routelab.workload.build.features import FEATURES, learn, levels
from routelab.workload.build.labels import bloom, label
from routelab.workload.build.recipe import Ambiguity, Domains, Features, Gates
from routelab.workload.build.sample import even_shares
from routelab.workload.build.shortcuts import shortcuts
from routelab.workload.build.similar import near_pairs
from routelab.workload.suites import open_suite

SUBJECTS = {
    "510": "What is the sum of {a} and {b} in this addition?",
    "530": "A body of {a} kg is pushed with {b} newtons. What is the force in newtons?",
    "780": "A song has {a} bars of {b} beats. How many beats are in one bar?",
}
REFERENCES = {"510": lambda a, b: a + b, "530": lambda a, b: b, "780": lambda a, b: b}


def rows(per_division: int, labelled: bool = True) -> list[dict[str, Any]]:
    return [
        {
            "id": f"{division}-{k}",
            "prompt": text.format(a=100 + 7 * k, b=200 + 11 * k),
            "reference": str(REFERENCES[division](100 + 7 * k, 200 + 11 * k)),
            "metric": "number",
            **({"division": division} if labelled else {}),
        }
        for division, text in SUBJECTS.items()
        for k in range(per_division)
    ]


def write(path: Path, lines: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def recipe(folder: Path, **more: Any) -> Path:
    plain = {"name": "mine", "sources": [{"kind": "file", "path": "items.jsonl", "licence": "CC0-1.0"}]} | more
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(plain))
    return path


def asked(k: int, text: str, reference: str, **more: Any) -> Query:
    fields = {"metric": "number", "task": "t", "source": "mine (CC0-1.0)", "language": "en"} | more
    return Query.ask(f"q{k}", text, reference=reference, **fields)


class TestBuild:
    def test_the_same_recipe_gives_the_same_suite(self, tmp_path: Path) -> None:
        write(tmp_path / "items.jsonl", rows(12))
        read = read_recipe(recipe(tmp_path, sample={"items": 18, "by": ["domain"]}))
        one, two = build(read, tmp_path / "one"), build(read, tmp_path / "two")
        assert one.hash == two.hash and len(one.queries) == 18
        assert open_suite(tmp_path / "one").queries == one.queries
        assert {path.name for path in (tmp_path / "one").iterdir()} == {
            "suite.json", "queries.jsonl", "composition.json", "datasheet.md",
        }  # fmt: skip
        assert not list(tmp_path.glob(".*.work"))

    def test_a_broken_build_goes_on_where_it_stopped(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        from routelab.workload.build import pipeline

        write(tmp_path / "items.jsonl", rows(12))
        read = read_recipe(recipe(tmp_path, sources=[{"kind": "season", "items": 60}]))
        monkeypatch.setattr(pipeline, "label", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            build(read, tmp_path / "out")
        monkeypatch.undo()
        assert not (tmp_path / "out").exists()
        monkeypatch.setattr(pipeline, "generate", lambda *_: pytest.fail("drawn again"))
        assert len(build(read, tmp_path / "out").queries) == 60

    def test_a_suite_shares_nothing_with_one_it_must_not_leak_into(self, tmp_path: Path) -> None:
        write(tmp_path / "items.jsonl", rows(12))
        build(read_recipe(recipe(tmp_path)), tmp_path / "public")
        more = [*rows(12), {"id": "new", "prompt": "What is 5 times 7?", "reference": "35", "metric": "number",
                            "division": "510"}]  # fmt: skip
        write(tmp_path / "items.jsonl", more)
        fresh = build(read_recipe(recipe(tmp_path, gates={"against": ["public"]})), tmp_path / "fresh")
        assert [query.id for query in fresh.queries] == ["new"]
        assert fresh.manifest.gates["leakage"]["dropped"] == 36

    @pytest.mark.parametrize(
        "gates", [{"against": ["nowhere"]}, {"ambiguous": {"table": "nowhere", "arms": ["a", "b"]}}]
    )
    def test_what_a_gate_compares_with_is_opened_before_anything_is_read(
        self, gates: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from routelab.workload.build import pipeline

        read = read_recipe(recipe(tmp_path, sources=[{"kind": "season", "items": 60}], gates=gates))
        monkeypatch.setattr(pipeline, "generate", lambda *_: pytest.fail("drawn first"))
        with pytest.raises(InputError, match="nowhere"):
            build(read, tmp_path / "out")
        assert not list(tmp_path.glob(".*.work"))

    def test_a_failed_build_keeps_its_stages_and_a_whole_one_removes_them(self, tmp_path: Path) -> None:
        sources = [{"kind": "season", "items": 60}]
        with pytest.raises(InputError, match="loosen"):
            build(read_recipe(recipe(tmp_path, sources=sources, gates={"languages": ["none"]})), tmp_path / "out")
        assert [path.suffix for path in (tmp_path / ".out.work").iterdir()] == [".jsonl"]
        build(read_recipe(recipe(tmp_path, sources=sources)), tmp_path / "out")
        assert not (tmp_path / ".out.work").exists()

    def test_hidden_files_of_a_folder_are_left_out(self, tmp_path: Path) -> None:
        (tmp_path / "data" / ".old.work").mkdir(parents=True)
        write(tmp_path / "data" / "items.jsonl", rows(12))
        for hidden in (".old.work/copy.jsonl", ".items.jsonl"):
            write(tmp_path / "data" / hidden, [{"neither": "prompt nor id"}])
        folder = {"kind": "file", "path": "data", "licence": "CC0-1.0"}
        assert len(build(read_recipe(recipe(tmp_path, sources=[folder])), tmp_path / "out").queries) == 36

    def test_a_row_is_judged_by_its_own_licence(self, tmp_path: Path) -> None:
        own = [{"licence": "unknown"}, {"license": "MIT"}, {"licence": " "}]
        write(tmp_path / "items.jsonl", [row | own[k % 3] for k, row in enumerate(rows(12))])
        suite = build(read_recipe(recipe(tmp_path)), tmp_path / "out")
        assert suite.manifest.gates["licence"]["dropped"] == 12
        assert {query.metadata["licence"] for query in suite.queries} == {"MIT", "CC0-1.0"}

    def test_a_nul_character_in_a_path_is_one_clear_error(self, tmp_path: Path) -> None:
        write(tmp_path / "items.jsonl", rows(12))
        with pytest.raises(InputError, match="NUL"):
            build(read_recipe(recipe(tmp_path)), tmp_path / "a\0b")
        for source in ({"kind": "file", "path": "a\0b"}, {"kind": "public", "name": "GSM8K", "folder": "a\0b"}):
            with pytest.raises(InputError):
                build(read_recipe(recipe(tmp_path, sources=[source])), tmp_path / "out")

    def test_levels_of_imported_items_follow_the_recipe(self, tmp_path: Path) -> None:
        write(tmp_path / "items.jsonl", rows(12))
        rule = {"weights": {"words": 1.0}, "cuts": [2.2, 2.6]}
        suite = build(read_recipe(recipe(tmp_path, difficulty=rule)), tmp_path / "out")
        assert {query.difficulty for query in suite.queries} == {"medium", "hard"}
        assert suite.manifest.made_by["recipe"]["difficulty"]["weights"] == {"words": 1.0}

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"sources": []}, "at least one source"),
            ({"sources": [{"kind": "public", "name": "mmlu-prro"}]}, "mmlu"),
            ({"sampel": {}}, "sample"),
            ({"sources": [{"kind": "file"}]}, "expected the key `path`, got none"),
            ({"gates": {"near_duplicate": 3}}, "<= 1"),
            ({"difficulty": {"weights": {"wrods": 1.0}, "cuts": [0, 1]}}, "words"),
            ({"difficulty": {"weights": {"words": 1.0}, "cuts": [1, 0]}}, "rising"),
            ({"domain": {"unlabelled": "classify"}, "sources": [{"kind": "file", "path": "bare.jsonl"}]}, "labelled"),
        ],
    )
    def test_a_bad_recipe_is_one_clear_error(self, change: dict[str, Any], said: str, tmp_path: Path) -> None:
        write(tmp_path / "items.jsonl", rows(12))
        write(tmp_path / "bare.jsonl", rows(12, labelled=False))
        with pytest.raises(InputError, match=said):
            build(read_recipe(recipe(tmp_path, **change)), tmp_path / "out")
        assert not (tmp_path / "out").exists()


class TestGates:
    def kept(self, queries: list[Query], **gates: Any) -> tuple[list[str], dict[str, Any]]:
        found, findings = pass_gates(queries, Gates(**gates))
        return [query.id for query in found], {finding.gate: finding for finding in findings}

    def test_copies_go_and_the_first_stays(self) -> None:
        ids, found = self.kept([asked(0, "What is 12 + 30?", "42"), asked(1, "what is 12 +  30", "42")])
        assert ids == ["q0"] and found["exact duplicates"].dropped == ("q1",)

    def test_the_same_question_with_one_word_changed_goes_too(self) -> None:
        story = "At the old market of Vienna {} sold {} apples, {} pears and a cake. How many were sold that day?"
        queries = [asked(k, story.format("Ada", 12 + k, 30 + 2 * k), str(42 + 3 * k)) for k in range(60)]
        queries.append(asked(99, story.format("Ada", 12, 30).replace("At the", "In the"), "42"))
        ids, found = self.kept(queries)
        assert "q99" not in ids and len(ids) == 60
        assert found["near duplicates"].dropped == ("q99",)

    def test_a_reference_its_own_grader_refuses_goes(self) -> None:
        ids, found = self.kept([asked(0, "What is 2 + 2?", "four"), asked(1, "What is 2 + 3?", "5")])
        assert ids == ["q1"] and found["grader self-check"].dropped == ("q0",)

    def test_unknown_licences_go_unless_kept(self) -> None:
        query = asked(0, "What is 2 + 2?", "4", source="somewhere")
        assert self.kept([query])[0] == []
        assert self.kept([query], unknown_licence="keep")[0] == ["q0"]

    def test_long_and_foreign_items_go(self) -> None:
        queries = [asked(0, "What is 2 + 2? " * 20, "4"), asked(1, "Was ist 2 + 3?", "5", language="de")]
        assert self.kept(queries, longest_words=20, languages=("en",))[0] == []

    def test_items_on_which_capable_arms_agree_against_the_reference_go(self, tmp_path: Path) -> None:
        queries = [asked(0, "What is 2 + 2?", "5"), asked(1, "What is 2 + 3?", "5"), asked(2, "What is 1 + 1?", "3")]
        answers = {"q0": ("4", "Answer: 4"), "q1": ("5", "5"), "q2": ("2", "7")}
        outcomes = [
            Outcome(query_id=name, arm=arm, score=0.0, answer=answer)
            for name, both in answers.items()
            for arm, answer in zip(("a/one", "a/two"), both)
        ]
        table = OutcomeTable.create(tmp_path / "answers", queries)
        table.append(outcomes)
        rule = Ambiguity(str(tmp_path / "answers"), ("a/one", "a/two"))
        assert self.kept(queries, ambiguous=rule)[0] == ["q1", "q2"]

    def test_what_a_constant_solves_is_said(self) -> None:
        queries = [asked(k, f"Is {k} a number? Case {k}.", "1", difficulty="easy") for k in range(40)]
        notes = self.kept(queries)[1]["shortcuts"].notes
        assert any("always '1'" in note for note in notes)

    def test_what_a_position_solves_is_said(self) -> None:
        queries = [asked(k, f"First {k}, then {k + 50}. Which came last?", str(k + 50)) for k in range(40)]
        assert ("the last number", 1.0) in list(shortcuts(queries, 0.5))


def test_numbers_tell_items_of_one_template_apart() -> None:
    texts = [f"What is {a} + {a + 3}?" for a in range(100)]
    assert near_pairs(texts, None, 0.8) == []
    assert near_pairs(["What is 5 + 8?"], texts, 0.8) == [(0, 5)]


def test_the_classifier_reports_its_accuracy_and_its_doubts() -> None:
    known = [asked(k, row["prompt"], row["reference"], metadata={"division": row["division"]})
             for k, row in enumerate(rows(20))]  # fmt: skip
    bare = [Query.ask("new", "What is the sum of 3 and 9 in this addition?"), Query.ask("odd", "Zut alors!")]
    found, report = label([*known, *bare], Domains("classify", 0.8), seed=0)
    placed = {query.id: query for query in found}
    assert placed["new"].domain == "5 Science" and placed["new"].metadata["division_by"] == "classifier"
    assert placed["q0"].metadata["division_by"] == "source"
    assert "odd" not in placed and report["dropped without a division"] == 1
    assert report["classifier accuracy"]["low"] <= report["classifier accuracy"]["value"] <= 1


def test_learned_weights_find_what_makes_items_hard() -> None:
    rng = np.random.default_rng(0)
    numbers = rng.integers(1, 12, 400)
    texts = ["Add " + " and ".join(str(int(x)) for x in rng.integers(10, 99, n)) + "." for n in numbers]
    chance = 1 / (1 + np.exp(-(2.5 - 1.5 * np.log1p(numbers))))
    rule = learn(texts, (rng.random((400, 4)) < chance[:, None]).astype(float))
    assert set(rule.weights) == set(FEATURES)
    given = levels([Query.ask(str(k), text) for k, text in enumerate(texts)], rule)
    mean = {level: numbers[[g == level for g in given]].mean() for level in ("easy", "medium", "hard")}
    assert mean["easy"] < mean["medium"] < mean["hard"]


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("Explain why.", "analyse"),
        ("Compute 3 * 4.", "apply"),
        ("Who wrote it?", "remember"),
        ("Design a logo.", "create"),
    ],
)
def test_bloom_by_the_highest_verb(text: str, level: str) -> None:
    assert bloom(text) == level


def test_shares_are_even_and_complete() -> None:
    shares = even_shares({("a",): 3, ("b",): 50, ("c",): 40}, 63)
    assert sum(shares.values()) == 63 and shares["a",] == 3 and abs(shares["b",] - shares["c",]) <= 1


def test_unknown_features_are_named() -> None:
    with pytest.raises(InputError, match="words"):
        levels([Query.ask("a", "b")], Features({"word": 1.0}, (0.0, 1.0)))
