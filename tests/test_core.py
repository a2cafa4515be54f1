"""The vocabulary: errors speak one grammar, seeds are stable, files are whole or absent, arms and prices add up."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from routelab.core import Arm, InputError, ModelCard, Price, Query, RoutelabError, Turn, derive, registry, stream
from routelab.core import errors as tree
from routelab.core.config import convert, load_yaml
from routelab.core.errors import SHOWN_VALUE_LENGTH, nearest, need_extra, shorten
from routelab.core.files import atomic_path, canonical_json, digest, file_digest, read_text, write_text
from routelab.workload.build import Recipe

DAY = dt.date(2026, 1, 1)

# -- errors ---------------------------------------------------------------------------------------


def test_every_error_says_where_what_and_how_to_mend_it() -> None:
    error = InputError("file.csv row 3", expected="a number", got="'x'", fix="correct it")
    assert str(error) == "file.csv row 3: expected a number, got 'x'. Fix: correct it"
    assert (error.where, error.expected, error.got, error.fix) == ("file.csv row 3", "a number", "'x'", "correct it")


@pytest.mark.parametrize("name", ["InputError", "PrerequisiteError", "SpendCapError", "ContractError"])
def test_every_error_a_user_can_mend_has_one_base(name: str) -> None:
    assert issubclass(getattr(tree, name), RoutelabError)


def test_a_missing_extra_names_the_line_that_installs_it() -> None:
    assert need_extra("wordllama", "dense", "the encoder").fix == "pip install 'routelab[dense]'"


@pytest.mark.parametrize(
    ("word", "help_"),
    [
        ("knnn", 'did you mean "knn"?'),
        ("rdige", 'did you mean "ridge"?'),
        ("zzz", "use one of: forest, knn, ridge"),
    ],
)
def test_a_misspelt_name_gets_the_nearest_valid_one_or_all_of_them(word: str, help_: str) -> None:
    assert nearest(word, ["ridge", "knn", "forest"]) == help_


def test_of_many_names_a_dozen_are_listed() -> None:
    assert nearest("?", [f"name-{i:02d}" for i in range(13)]).endswith("name-11, …")


@given(st.text() | st.integers() | st.lists(st.text()))
def test_a_value_in_an_error_stays_one_short_line(value: object) -> None:
    shown = shorten(value)
    assert len(shown) <= SHOWN_VALUE_LENGTH and "\n" not in shown


# -- seeds ----------------------------------------------------------------------------------------


def test_a_stream_is_the_same_on_every_machine_and_day() -> None:
    """The first 8 bytes of SHA-256("0 folds 1", joined by the unit separator), computed with sha256sum."""
    assert derive(0, "folds", 1) == 0x8A9F612FD1F426DC
    assert (
        stream(0, "folds", 1).integers(10**9, size=3).tolist() == stream(0, "folds", 1).integers(10**9, size=3).tolist()
    )


@given(st.integers(0, 2**32), st.text(max_size=8), st.text(max_size=8))
def test_streams_differ_by_seed_and_by_name(seed: int, one: str, other: str) -> None:
    assert derive(seed, one) != derive(seed + 1, one)
    assert (derive(seed, one) == derive(seed, other)) == (one == other)


def test_draws_of_one_name_do_not_shift_those_of_another() -> None:
    expected = stream(0, "b").random(4).tolist()
    stream(0, "a").random(1000)
    assert stream(0, "b").random(4).tolist() == expected


# -- files ----------------------------------------------------------------------------------------


def test_a_failure_while_writing_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "kept.txt"
    write_text(target, "old")
    with pytest.raises(RuntimeError), atomic_path(target) as temporary:
        temporary.write_text("half of the n")
        raise RuntimeError("the power went")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_file_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "new" / "file.txt"
    with atomic_path(target) as temporary:
        temporary.write_text("whole")
        assert not target.exists()
    assert target.read_text() == "whole"


@pytest.mark.parametrize("place", ["file/new.txt", "folder", "nul\0.txt"])
def test_what_cannot_be_written_is_one_clear_error_that_leaves_nothing(tmp_path: Path, place: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="expected a path that can be written"):
        write_text(tmp_path / place, "text")
    assert {path.name for path in tmp_path.rglob("*")} == {"folder", "file"}


def test_a_nul_character_in_a_path_is_one_clear_error(tmp_path: Path) -> None:
    for read in (read_text, load_yaml):
        with pytest.raises(InputError, match=r"a\\x00b.*NUL"):
            read(tmp_path / "a\0b")


@pytest.mark.parametrize(
    ("content", "got"),
    [(None, "No such file"), (b"caf\xe9", "not UTF-8"), (b"x" * (2 << 20), "2 MiB")],
)
def test_what_cannot_be_read_is_one_clear_error(tmp_path: Path, content: bytes | None, got: str) -> None:
    path = tmp_path / "input"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=got) as caught:
        read_text(path, limit=1 << 20)
    assert str(path) in caught.value.where


def test_equal_values_have_equal_bytes_and_hashes(tmp_path: Path) -> None:
    assert canonical_json({"b": 1, "a": [2]}) == b'{"a":[2],"b":1}'
    assert digest({"b": 1, "a": 2}) == digest({"a": 2, "b": 1}) != digest({"a": 2, "b": 2})
    (tmp_path / "empty").touch()
    assert file_digest(tmp_path / "empty") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


# -- arms, prices, queries ------------------------------------------------------------------------

PART = st.from_regex(r"[a-z0-9./:_-]{1,12}", fullmatch=True)


@given(PART, st.none() | PART, st.none() | PART)
def test_an_arm_is_what_its_written_form_says(model: str, effort: str | None, policy: str | None) -> None:
    arm = Arm(model, effort, policy)
    assert Arm.parse(str(arm)) == arm


@pytest.mark.parametrize("text", ["", "two words", "m@", "m#", "@low", "#cot", "m#cot@low", "m@a@b", "m\n"])
def test_what_is_not_an_arm_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="openai/gpt-x@low"):
        Arm.parse(text)


@pytest.mark.parametrize(
    ("rates", "usd"),
    [
        ({}, (100 * 2 + 50 * 10 + 40 * 10) / 1e6),
        ({"cached_input_usd_per_mtok": 0.5}, (70 * 2 + 30 * 0.5 + 50 * 10 + 40 * 10) / 1e6),
        ({"cached_input_usd_per_mtok": 0.0}, (70 * 2 + 50 * 10 + 40 * 10) / 1e6),
        ({"reasoning_usd_per_mtok": 3}, (100 * 2 + 50 * 10 + 40 * 3) / 1e6),
        ({"per_call_usd": 0.01}, 0.0011 + 0.01),
    ],
)
def test_a_bill_counts_cached_input_inside_and_reasoning_on_top(rates: dict[str, float], usd: float) -> None:
    price = Price(input_usd_per_mtok=2, output_usd_per_mtok=10, date=DAY, source="list", **rates)
    assert price.cost_usd(100, 50, cached=30, reasoning=40) == pytest.approx(usd, rel=1e-12)


def test_the_price_of_a_day_is_the_newest_that_was_known_then() -> None:
    old, new = (
        Price(input_usd_per_mtok=rate, output_usd_per_mtok=0, date=dt.date(2026, month, 1), source="list")
        for rate, month in ((2, 1), (1, 6))
    )
    for prices in ((old, new), (new, old)):
        card = ModelCard(id="m", prices=prices)
        assert card.price_on(dt.date(2025, 12, 31)) is None
        assert card.price_on(dt.date(2026, 1, 1)) == card.price_on(dt.date(2026, 5, 31)) == old
        assert card.price_on(dt.date(2026, 6, 1)) == card.price_on() == new
    assert ModelCard(id="free").price_on() is None


def test_a_router_reads_what_the_user_said_and_nothing_else() -> None:
    talk = (Turn("system", "be brief"), Turn("user", "hi"), Turn("assistant", "hello"), Turn("user", "2 + 2?"))
    assert Query(id="q", turns=talk, reference="4").text == "hi\n\n2 + 2?"
    assert Query(id="q").text == ""


# -- configuration and registry -------------------------------------------------------------------


class Inner(msgspec.Struct, forbid_unknown_fields=True):
    depth: int = 3


class Outer(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    inner: Inner = msgspec.field(default_factory=Inner)


def test_an_unknown_key_is_an_error_with_the_nearest_valid_one() -> None:
    with pytest.raises(InputError, match=re.escape("got 'nmae'")) as caught:
        convert({"name": "x", "nmae": "y"}, Outer, "my.yaml")
    assert caught.value.fix == 'did you mean "name"?'


def test_an_unknown_key_deep_inside_is_helped_with_the_keys_of_its_own_place() -> None:
    with pytest.raises(InputError) as caught:
        convert({"name": "x", "inner": {"dept": 4}}, Outer, "my.yaml")
    assert caught.value.where == "my.yaml $.inner"
    assert caught.value.fix == 'did you mean "depth"?'


def test_a_wrong_value_is_named_by_its_path() -> None:
    with pytest.raises(InputError) as caught:
        convert({"name": "x", "inner": {"depth": "deep"}}, Outer, "my.yaml")
    assert caught.value.where == "my.yaml $.inner.depth"
    assert (caught.value.expected, caught.value.got) == ("`int`", "`str`")


def test_a_missing_key_is_named_with_what_may_stand_there() -> None:
    with pytest.raises(InputError) as caught:
        convert({}, Outer, "my.yaml")
    assert str(caught.value) == "my.yaml: expected the key `name`, got none. Fix: add it"
    with pytest.raises(
        InputError, match=r"my\.yaml \$\.sources\[0\]: expected the key `kind`.*use one of: file, public"
    ):
        convert({"name": "x", "sources": [{"path": "y"}]}, Recipe, "my.yaml")


@pytest.mark.parametrize(
    ("text", "where", "key"),
    [("a: 1\nb: 2\na: 3\n", 3, "a"), ("a:\n  - {x: 1, y: 2,\n     x: 1}\n", 3, "x"), ('{"k": 1, "k": 2}', 1, "k")],
)
def test_a_key_that_comes_twice_is_named_with_its_line(text: str, where: int, key: str, tmp_path: Path) -> None:
    (tmp_path / "my.yaml").write_text(text)
    with pytest.raises(InputError, match=rf"my\.yaml line {where}: .*second key '{key}'"):
        load_yaml(tmp_path / "my.yaml")


def test_a_merged_key_may_be_overridden_and_a_date_that_is_none_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "my.yaml"
    file.write_text("deep: {base: &a {x: 1, y: 2}}\nmine: {<<: *a, x: 3}\n")
    assert load_yaml(file)["mine"] == {"x": 3, "y": 2}
    file.write_text("date: 2026-02-31\n")
    with pytest.raises(InputError, match="day is out of range"):
        load_yaml(file)


def test_broken_yaml_names_the_line_and_foreign_tags_are_never_run(tmp_path: Path) -> None:
    broken, foreign = tmp_path / "broken.yaml", tmp_path / "foreign.yaml"
    broken.write_text("a: 1\nb: [1, 2\n")
    foreign.write_text("!!python/object/apply:os.getcwd []\n")
    with pytest.raises(InputError, match=r"broken\.yaml line 3"):
        load_yaml(broken)
    with pytest.raises(InputError, match="valid YAML"):
        load_yaml(foreign)


def test_an_unregistered_name_gets_the_nearest_registered_one() -> None:
    with pytest.raises(InputError) as caught:
        registry.load("routelab.routers", "knnn")
    assert (caught.value.where, caught.value.fix) == ("routers", 'did you mean "knn"?')
    assert registry.names("routelab.routers") == sorted(registry.names("routelab.routers"))
