"""Public data sets, RouterArena's queries and a user's own files, as queries in one vocabulary."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from routelab.core import InputError, PrerequisiteError, Query, registry
from routelab.workload import sources
from routelab.workload.dewey import DIVISIONS, domain_of
from routelab.workload.graders import grade
from routelab.workload.sources import SOURCES, Source, divisions, from_folder, from_hub, own, read, routerarena
from routelab.workload.sources.template import fill
from shared import needs_shared, shared_data
from source_rows import HIDDEN, ROWS

GRADERS = registry.names("routelab.graders")


def rows_of(source: Source) -> pl.DataFrame:
    return pl.DataFrame(ROWS[source.name], infer_schema_length=None)


def by_question(name: str) -> list[Query]:
    """The queries of a source in the order of its invented rows."""
    return [query for row in ROWS[name] for query in read(name, lambda _, row=row: pl.DataFrame([row]))]


@pytest.mark.parametrize("name", SOURCES)
def test_every_row_with_an_answer_becomes_a_complete_query(name: str) -> None:
    source, made = SOURCES[name], read(name, rows_of)
    assert len(made) == len(ROWS[name]) - (name in HIDDEN)
    for query in made:
        assert query.metric == source.metric and query.metric in GRADERS
        assert query.reference and query.dataset == name and query.split == source.split
        assert query.domain == domain_of(query.metadata["division"])
        assert query.category == DIVISIONS[query.metadata["division"]]
        assert query.metadata["licence"] == (source.licence or "unknown") and query.metadata["label"] == "source"


@pytest.mark.parametrize("name", [name for name in SOURCES if name != "LiveCodeBench"])
def test_the_reference_in_a_box_is_graded_right(name: str) -> None:
    for query in read(name, rows_of):
        score = grade(str(query.metric), f"\\boxed{{{query.reference}}}", str(query.reference)).score
        assert score == 1.0 or (query.metric == "meteor_score" and score >= 0.5)


def test_code_keeps_its_public_tests_and_stays_ungraded() -> None:
    query = by_question("LiveCodeBench")[1]
    assert query.reference == '[{"input": "3"}]' and "def f(n):" in query.text
    with pytest.raises(PrerequisiteError):
        grade("code_accuracy", "print(3)", query.reference)


def test_a_prompt_has_context_question_options_and_the_form_of_the_answer() -> None:
    assert by_question("SocialiQA")[0].text == (
        "Context:\nAl hugged Bea.\n\nQuestion:\nHow is Bea?\n\nA. sad\nB. glad\nC. tall\n\n"
        "Exactly one of these options is right. Give its letter as \\boxed{LETTER}."
    )


@pytest.mark.parametrize(
    ("name", "references"),
    [
        ("AsDiv", ["9", "Bo"]),
        ("ChessInstruct", ["e7e5", "d7d5"]),
        ("GSM8K", ["20", "1,002"]),
        ("GeoBench", ["B", "A"]),
        ("MATH", ["\\frac{3}{2}", "25"]),
        ("MMLU", ["B", "D"]),
        ("MMLUPro", ["F", "A"]),
        ("MathQA", ["B", "A"]),
        ("MedMCQA", ["A", "C"]),
        ("NarrativeQA", ["home", "eats"]),
        ("PubMedQA", ["A", "C"]),
        ("SocialiQA", ["B", "A"]),
        ("SuperGLUE-ClozeTest", ["A", "A"]),
        ("SuperGLUE-Entailment", ["Yes", "No"]),
        ("SuperGLUE-QA", ["No", "Yes"]),
        ("WMT19-de-en", ["Die Schwäne schlafen.", "Ein Schwan schläft."]),
    ],
)
def test_the_reference_is_read_from_the_layout_of_the_set(name: str, references: list[str]) -> None:
    assert [query.reference for query in by_question(name)] == references


def test_options_are_read_from_one_text_and_from_a_list_of_objects() -> None:
    assert "A. 2\nB. 4\nC. rs . 1 , 5\n" in by_question("MathQA")[0].text
    assert "A. chalk\nB. basalt\n" in by_question("GeoBench")[0].text


def test_another_right_name_is_no_option_of_a_cloze() -> None:
    assert "A. Bob\nB. Rome\n" in by_question("SuperGLUE-ClozeTest")[1].text


def test_a_shuffled_right_answer_is_where_its_letter_says() -> None:
    for query, right in zip(by_question("GPQA"), ("tau", "triple")):
        assert f"\n{query.reference}. {right}\n" in query.text
        assert sum(f"\n{letter}. " in query.text for letter in "ABCDE") == 4


def test_the_division_follows_the_subject_where_the_set_has_subjects() -> None:
    assert [query.domain for query in by_question("MMLU")] == ["5 Science", "0 Computing and information"]
    assert [query.task for query in by_question("QANTA")] == ["QANTA_Geography", "QANTA_Literature"]
    assert [query.metadata["division"] for query in by_question("OpenTDB")] == ["590", "790"]
    for table in (divisions.MMLU, divisions.MMLU_PRO, divisions.GPQA, divisions.QANTA, divisions.OPEN_TRIVIA):
        assert set(table.values()) <= set(DIVISIONS)
    assert len(divisions.MMLU) == 57 - len({"global_facts", "miscellaneous"})


def test_a_sample_is_repeatable_bounded_and_free_of_repeats() -> None:
    rows = [{"question": f"Add {n % 40} and 1?", "answer": f"#### {n % 40 + 1}"} for n in range(60)]
    fetch = lambda _: pl.DataFrame(rows)  # noqa: E731
    everything = read("GSM8K", fetch, seed=1)
    assert len(everything) == len({query.id for query in everything}) == 40
    assert read("GSM8K", fetch, limit=7, seed=1) == everything[:7]
    other = read("GSM8K", fetch, seed=2)
    assert other != everything and {query.id for query in other} == {query.id for query in everything}


def test_rows_of_another_layout_are_refused_by_the_column_that_is_not_there() -> None:
    with pytest.raises(InputError, match=r"source GSM8K: expected the column 'question', got only prompt"):
        read("GSM8K", lambda _: pl.DataFrame({"prompt": ["2 + 2?"], "answer": ["#### 4"]}))
    with pytest.raises(InputError, match="GSM8K"):
        read("GSM8", rows_of)


def test_values_are_never_read_as_templates() -> None:
    assert fill("{a} {b[0]} {b[7]}{c[x]}", {"a": "{b}", "b": ["{a}"], "c": None}) == "{b} {a} "


@pytest.mark.parametrize("suffix", [".parquet", ".jsonl", ".json"])
def test_a_folder_of_files_named_like_the_sources_is_the_hub_without_a_network(tmp_path: Path, suffix: str) -> None:
    for name in ("PubMedQA", "NarrativeQA"):
        file, rows = tmp_path / f"{name}{suffix}", ROWS[name]
        match suffix:
            case ".parquet":
                pl.DataFrame(rows).write_parquet(file)
            case ".jsonl":
                file.write_text("\n".join(map(json.dumps, rows)))
            case _:
                file.write_text(json.dumps(rows))
        assert read(name, from_folder(tmp_path), seed=3) == read(name, rows_of, seed=3)
    with pytest.raises(
        InputError, match=r"expected a file that ends in .parquet or .*Fix: put the split test of openai"
    ):
        read("GSM8K", from_folder(tmp_path))


class StandIn:
    """The hub, as files in a folder."""

    def __init__(self, folder: Path, files: list[str]) -> None:
        self.folder, self.files, self.loaded = folder, files, list[str]()

    def dataset_info(self, repo_id: str, *, revision: str, timeout: float) -> Any:
        assert revision == "refs/convert/parquet" and timeout <= 10
        return SimpleNamespace(siblings=[SimpleNamespace(rfilename=file) for file in self.files])

    def hf_hub_download(self, repo_id: str, filename: str, *, repo_type: str, revision: str) -> str:
        self.loaded.append(filename)
        place = self.folder / "0000.parquet"
        pl.DataFrame(ROWS["GSM8K"]).write_parquet(place)
        return str(place)


class Absent(StandIn):
    def dataset_info(self, repo_id: str, *, revision: str, timeout: float) -> Any:
        raise ConnectionError("no route to host\nmore")


def test_the_hub_gives_the_first_file_of_the_configuration_and_split(tmp_path: Path) -> None:
    files = [
        "main/train/0000.parquet",
        "main/partial-test/0001.parquet",
        "main/partial-test/0000.parquet",
        "x/test/0000.parquet",
    ]
    hub = StandIn(tmp_path, files)
    assert read("GSM8K", from_hub(hub)) == read("GSM8K", rows_of)
    assert hub.loaded == ["main/partial-test/0000.parquet"]


def test_what_the_hub_cannot_give_is_one_error_that_names_the_folder(tmp_path: Path) -> None:
    for name, hub in (
        ("GSM8K", Absent(tmp_path, [])),
        ("GSM8K", StandIn(tmp_path, ["socratic/test/0000.parquet"])),
        ("GeoGraphyData", StandIn(tmp_path, [])),
    ):
        with pytest.raises(PrerequisiteError, match=f"source {name}: .*in the recipe with `folder: PATH`"):
            read(name, from_hub(hub))


def test_the_table_says_everything_about_every_source() -> None:
    rows = sources.table()
    assert [row["name"] for row in rows] == list(SOURCES)
    assert all(all(row[field] for field in ("repo", "split", "licence", "metric", "division")) for row in rows)
    assert {row["name"] for row in rows if row["repo"] == "none known"} == {"GeoGraphyData", "OpenTDB"}
    assert all(source.metric in GRADERS for source in SOURCES.values())
    fixed = {source.division for source in SOURCES.values() if isinstance(source.division, str)}
    assert fixed <= set(DIVISIONS)


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def test_own_questions_keep_their_words_and_their_order(tmp_path: Path) -> None:
    file = write(tmp_path / "mine.jsonl", [{"q": "2 + 2?", "gold": 4, "area": "510"}, {"q": "Who am I?", "gold": "Jo"}])
    first, second = own(
        file,
        {"prompt": "q", "reference": "gold"},
        values={"metric": "exact_match", "division": "150"},
        licence="CC0-1.0",
    )
    assert (first.text, first.reference, first.metric, first.domain) == ("2 + 2?", "4", "exact_match", domain_of("150"))
    assert second.metadata == {"licence": "CC0-1.0", "label": "source", "division": "150"}
    assert own(file, {"prompt": "q"}, limit=1)[0].reference is None
    terms = write(tmp_path / "terms.jsonl", [{"prompt": "Why?", "license": "MIT"}, {"prompt": "How?"}])
    assert [query.metadata["licence"] for query in own(terms, licence="CC0-1.0")] == ["MIT", "CC0-1.0"]
    csv = tmp_path / "mine.csv"
    csv.write_text("id,prompt,domain\na,Why?,8 Literature\n")
    assert [(query.id, query.domain, query.category) for query in own(csv)] == [("a", "8 Literature", None)]


@pytest.mark.parametrize(
    ("row", "columns", "values", "complaint"),
    [
        ({"prompt": "x"}, {"answer": "prompt"}, {}, "field: expected a known one, got 'answer'"),
        ({"prompt": "x"}, {"reference": "gold"}, {}, "column of reference.*got 'gold'"),
        ({"prompt": " "}, {}, {}, "expected a prompt"),
        ({"prompt": "x"}, {}, {"metric": "exactmatch"}, 'did you mean "exact_match"'),
        ({"prompt": "x"}, {}, {"division": "5"}, "division: expected a known one"),
        ({"prompt": "x", "domain": "Sience"}, {}, {}, "domain: expected a known one"),
        ({"prompt": "x", "id": "../x"}, {}, {}, "an id without"),
    ],
)
def test_own_questions_are_checked_where_they_stand(
    tmp_path: Path, row: dict[str, Any], columns: dict[str, str], values: dict[str, str], complaint: str
) -> None:
    with pytest.raises(InputError, match=complaint):
        own(write(tmp_path / "mine.jsonl", [row]), columns, values=values)


def test_an_own_id_comes_once(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="line 2: expected each id once"):
        own(write(tmp_path / "mine.jsonl", [{"prompt": "x"}, {"prompt": "x"}]))


def test_a_file_that_is_not_routerarenas_is_refused(tmp_path: Path) -> None:
    pl.DataFrame({"query_id": ["a"], "prompt": ["x"]}).write_parquet(tmp_path / "q.parquet")
    with pytest.raises(InputError, match="dataset"):
        routerarena(tmp_path / "q.parquet")


@needs_shared
def test_routerarenas_queries_fall_into_nine_classes_with_known_metrics() -> None:
    made = routerarena(shared_data("routerarena", "queries.parquet"))
    assert len({query.id for query in made}) == 4355
    assert Counter(query.domain for query in made) == {
        "0 Computing and information": 1400,
        "1 Philosophy and psychology": 609,
        "3 Social sciences": 465,
        "4 Language": 70,
        "5 Science": 430,
        "6 Technology": 834,
        "7 Arts and recreation": 61,
        "8 Literature": 413,
        "9 History and geography": 73,
    }
    assert {query.metric for query in made} <= set(GRADERS)
    assert all("evaluation only" in query.metadata["use"] for query in made)
    assert sum(query.reference is not None for query in made) == 771
    assert routerarena(shared_data("routerarena", "queries.parquet"), limit=5) == made[:5]


@needs_shared
def test_every_data_set_of_routerarena_is_a_source_under_its_name() -> None:
    made = routerarena(shared_data("routerarena", "queries.parquet"))
    metrics = {query.task if query.dataset == "Ethics" else query.dataset: query.metric for query in made}
    assert set(metrics) <= set(SOURCES)
    assert all(SOURCES[str(name)].metric == metric for name, metric in metrics.items())
