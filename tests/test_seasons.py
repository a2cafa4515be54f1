"""Seasons: who can draw one, what two of them share, and what can be proven of a hidden one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from routelab.core import ContractError, InputError
from routelab.workload.build import shared_items
from routelab.workload.generate import Draft, Family, Form, Level, generate, hidden_season, open_season
from routelab.workload.generate import register as registers
from routelab.workload.generate.drawing import draw
from routelab.workload.generate.seasons import SLICES, commitment, new_secret, read_secret

SECRET = bytes(range(16))


def sums(rng, level: Level) -> Draft:
    a, b = int(rng.integers(1000)), int(rng.integers(1000))
    return Draft(f"{a}+{b}", (f"What is {a} + {b}?", f"Add {a} to {b}.", f"Sum {a} and {b}."), str(a + b))


def family(name: str, *, category: str = "sums", withheld: bool = False, draw=sums) -> Family:
    return Family(
        name=name, division="510", category=category, metric="number", form=Form.SHORT, bloom="apply",
        asks="reasoning", language="en", withheld=withheld, source="routelab (Apache-2.0)", draw=draw,
    )  # fmt: skip


ONE = {"sums": family("sums")}


def test_the_same_season_is_the_same_bytes() -> None:
    assert draw(open_season(3), ONE, 60) == draw(open_season(3), ONE, 60)


def test_a_small_draw_is_part_of_the_large_one() -> None:
    few, many = draw(open_season(1), ONE, 9), draw(open_season(1), ONE, 90)
    assert {query.id for query in few} < {query.id for query in many}
    assert {query.text for query in few} < {query.text for query in many}


def test_neighbouring_seasons_own_different_facts() -> None:
    seasons = [{q.metadata["season"]: q.text for q in draw(open_season(n), ONE, 300)} for n in range(1, SLICES + 1)]
    assert len(seasons) == SLICES
    for n in range(1, SLICES):
        assert not shared_items(draw(open_season(n), ONE, 300), draw(open_season(n + 1), ONE, 300))


def test_every_fact_belongs_to_one_season_of_eight() -> None:
    owners = [[n for n in range(1, 9) if open_season(n).owns(f"fact {k}")] for k in range(200)]
    assert {len(each) for each in owners} == {1}
    assert len({each[0] for each in owners}) == SLICES


def test_a_hidden_season_depends_on_secret_and_beacon() -> None:
    drawn = {
        tuple(query.text for query in draw(season, ONE, 30))
        for season in (
            hidden_season(1, SECRET, "block 900000"),
            hidden_season(1, SECRET, "block 900001"),
            hidden_season(1, bytes(16), "block 900000"),
            open_season(1),
        )
    }
    assert len(drawn) == 4


def test_withheld_families_are_drawn_in_hidden_seasons_only() -> None:
    families = ONE | {"kept": family("kept", withheld=True)}
    assert {query.task for query in draw(open_season(1), families, 30)} == {"sums"}
    assert {query.task for query in draw(hidden_season(1, SECRET, "b"), families, 30)} == {"sums", "kept"}


def test_reserved_phrasing_asks_the_same_items() -> None:
    usual, reserved = draw(open_season(1), ONE, 30), draw(open_season(1), ONE, 30, phrasing="reserved")
    assert [query.reference for query in usual] == [query.reference for query in reserved]
    assert all("Sum " in query.text for query in reserved)
    assert not any("Sum " in query.text for query in usual)


def test_a_family_that_runs_out_of_facts_says_so() -> None:
    def narrow(rng, level: Level) -> Draft:
        return Draft("same", ("a?", "b?", "c?"), "1")

    with pytest.raises(ContractError, match="has not used"):
        draw(open_season(1), {"narrow": family("narrow", draw=narrow)}, 30)


@pytest.mark.parametrize("number", [0, -1])
def test_a_season_counts_from_one(number: int) -> None:
    with pytest.raises(InputError, match="from 1 on"):
        open_season(number)


def test_secrets_are_read_in_hexadecimal_or_raw_and_never_repeated(tmp_path: Path) -> None:
    raw, text, bad = tmp_path / "raw", tmp_path / "hex", tmp_path / "bad"
    raw.write_bytes(SECRET)
    text.write_text(SECRET.hex() + "\n")
    bad.write_text("hunter2")
    assert read_secret(raw) == read_secret(text) == SECRET
    with pytest.raises(InputError) as caught:
        read_secret(bad)
    assert "hunter2" not in str(caught.value)


def test_a_new_secret_is_private_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    secret = new_secret(path)
    assert read_secret(path) == secret and len(secret) == 16
    assert path.stat().st_mode & 0o077 == 0
    with pytest.raises(InputError):
        new_secret(path)


class TestRegister:
    """The public record can only be filled in order, and a false claim is found."""

    def filled(self, path: Path) -> registers.Register:
        registers.committed(path, 4, SECRET)
        registers.freeze_entries(path, ("c0ffee00c0ffee00", "deadbeefdeadbeef"))
        registers.drawn(path, SECRET, "block 900000", "aaaaaaaaaaaaaaaa", 60)
        return registers.revealed(path, SECRET)

    def test_every_claim_of_an_honest_season_holds(self, tmp_path: Path) -> None:
        assert all(registers.checks(self.filled(tmp_path / "r.json"), "aaaaaaaaaaaaaaaa").values())

    def test_another_suite_is_found(self, tmp_path: Path) -> None:
        found = registers.checks(self.filled(tmp_path / "r.json"), "bbbbbbbbbbbbbbbb")
        assert [claim for claim, holds in found.items() if not holds] == ["drawing again gives the same suite"]

    def test_an_entry_added_later_is_found(self, tmp_path: Path) -> None:
        path = tmp_path / "r.json"
        self.filled(path)
        path.write_text(path.read_text().replace("c0ffee00c0ffee00", "0123456701234567"))
        found = registers.checks(registers.open_register(path), "aaaaaaaaaaaaaaaa")
        assert not found["the entries are the frozen ones"]

    def test_the_secret_stays_out_until_revealed(self, tmp_path: Path) -> None:
        path = tmp_path / "r.json"
        registers.committed(path, 4, SECRET)
        registers.freeze_entries(path, ("c0ffee00c0ffee00",))
        registers.drawn(path, SECRET, "b", "aaaaaaaaaaaaaaaa", 60)
        assert SECRET.hex() not in path.read_text()

    def test_nothing_is_drawn_before_the_entries_are_frozen(self, tmp_path: Path) -> None:
        path = tmp_path / "r.json"
        registers.committed(path, 4, SECRET)
        with pytest.raises(InputError, match="freeze"):
            registers.drawn(path, SECRET, "b", "a" * 16, 60)

    def test_entries_are_frozen_once(self, tmp_path: Path) -> None:
        path = tmp_path / "r.json"
        registers.committed(path, 4, SECRET)
        registers.freeze_entries(path, ("c0ffee00c0ffee00",))
        with pytest.raises(InputError):
            registers.freeze_entries(path, ("deadbeefdeadbeef",))

    def test_another_secret_does_not_open_it(self, tmp_path: Path) -> None:
        path = tmp_path / "r.json"
        registers.committed(path, 4, SECRET)
        registers.freeze_entries(path, ("c0ffee00c0ffee00",))
        with pytest.raises(InputError, match="committed secret"):
            registers.drawn(path, bytes(16), "b", "a" * 16, 60)


def test_the_commitment_is_a_digest_of_the_secret() -> None:
    assert re.fullmatch("[0-9a-f]{64}", commitment(1, SECRET))
    assert SECRET.hex() not in commitment(1, SECRET)


class TestAtlas:
    """What holds of the real families."""

    def test_a_season_has_fifty_items_in_every_cell_of_all_ten_classes(self) -> None:
        from collections import Counter

        season = generate(open_season(1))
        cells = Counter((query.domain, query.category, query.difficulty) for query in season)
        assert len(season) >= 8000
        assert min(cells.values()) >= 50
        assert len({query.category for query in season}) >= 44
        assert len({query.domain for query in season}) == 10
        assert len({query.difficulty for query in season}) == 3

    def test_two_seasons_share_no_item_and_none_repeats(self) -> None:
        first, second = generate(open_season(1)), generate(open_season(2))
        assert shared_items(first, second) == []
        assert len({query.text for query in first}) == len(first)

    def test_hidden_seasons_add_families(self) -> None:
        shown = {query.task for query in generate(open_season(1), 3000)}
        hidden = {query.task for query in generate(hidden_season(1, SECRET, "b"), 3000)}
        assert len(hidden - shown) >= 10
