"""What people see, made from one plain dictionary: the page, the tables, the picture and the command."""

from __future__ import annotations

import io
import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from rich.console import Console

from routelab.arena.report import (
    headline,
    leaderboard_markdown,
    leaderboard_table,
    read_result,
    render_html,
    write_html,
    write_png,
)
from routelab.arena.report.format import DOLLARS, POINTS, bare, explain, interval, number, plus_minus
from routelab.arena.report.labels import Box, Names
from routelab.arena.report.payload import hull_line
from routelab.arena.report.schema import Metric, as_result
from routelab.cli.report import report_command
from routelab.core import InputError, PrerequisiteError
from sample_result import metric, sample_result

ATTACK = "</script><script>alert(1)</script><img src=x onerror=alert(2)><!-- \u2028 \"'&"


class Page(HTMLParser):
    """The elements and the text of a page, as a browser would find them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._raw = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._raw = tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._raw = False

    def handle_data(self, data: str) -> None:
        if not self._raw:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def printed(result: dict[str, Any], width: int) -> str:
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(leaderboard_table(result, width))
    return console.export_text()


def bare_result() -> dict[str, Any]:
    """The least that is a result: one router of which only the name is known."""
    table = {"queries": 3, "arms": 2}
    return {"schema_version": 1, "protocol": "in-sample", "table": table, "routers": [{"name": "lonely"}]}


# numbers


def test_null_is_never_a_number() -> None:
    undefined = Metric(why="no prompts")
    for unit in (DOLLARS, POINTS):
        assert interval(undefined, unit) == plus_minus(undefined, unit) == number(None, unit) == "–"
    assert explain(undefined, POINTS, 0.95) == "undefined: no prompts"
    assert explain(None, POINTS, 0.95) == "not measured in this run"
    assert bare(float("nan"), POINTS) == bare(float("inf"), POINTS) == "–"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "$0"), (0.0000042, "$4.20e-06"), (0.04212, "$0.0421"), (1.5, "$1.50"), (12345.6, "$12,346")],
)
def test_dollars_have_three_significant_digits(value: float, text: str) -> None:
    assert number(value, DOLLARS) == text


def test_a_difference_that_rounds_to_zero_has_no_sign() -> None:
    assert bare(0.0001, POINTS) == bare(-0.0001, POINTS) == "0.0"


# the headline claims only what was shown


def test_headline_names_the_winner_its_interval_and_the_hull() -> None:
    words = headline(as_result(sample_result()))
    assert words.title == "bilinear-utility beats the best single arm by 3.1 points."
    assert "+3.1 pt [+2.0, +4.2] against the best single arm (local/phi-3.8b); 3 of 8 routers" in words.sentences[0]
    assert "above the hull" in words.sentences[1]


def test_headline_admits_that_nothing_was_shown() -> None:
    result = sample_result()
    for row in result["routers"]:
        row["beats_best_single"] = row["above_hull"] = {"p_adjusted": 0.6, "significant": False}
    words = headline(as_result(result))
    assert words.title == "No router is shown to beat the best single arm."
    assert "this run can see about 1.2 points" in words.sentences[0]
    assert words.sentences[1].startswith("None is shown to lie above the hull")


def test_headline_tells_above_the_hull_from_better() -> None:
    result = sample_result()
    for row in result["routers"]:
        row["beats_best_single"] = {"p_adjusted": 0.6, "significant": False}
    title = headline(as_result(result)).title
    assert title.startswith("No router is shown to beat") and title.endswith("bilinear-utility lies above the hull.")


# the tables


def test_yardsticks_follow_the_routers_and_have_no_rank() -> None:
    lines = leaderboard_markdown(sample_result()).splitlines()
    body = [line for line in lines if line.startswith("| ")][1:]
    assert body[0].startswith("| 1–3 | bilinear-utility | 74.1 ±1.7 |")
    assert [line.split(" | ")[0] for line in body].index("| ") == 8
    assert body[8].startswith("|  | *random* |")


@pytest.mark.parametrize("width", [80, 100, 120])
def test_terminal_table_fits_and_cuts_no_number(width: int) -> None:
    text = printed(sample_result(), width)
    assert max(map(len, text.splitlines())) <= width
    assert "+3.1 ±1.1 ✓" in text and "cheapest-sufficient" in text
    assert ("Collapse" in text) == (width == 120)


def test_significance_is_marked_only_where_it_was_found() -> None:
    row = next(line for line in printed(sample_result(), 120).splitlines() if "knn-threshold" in line)
    assert "+0.9 ±1.1  " in row and "±1.3 ✓" in row


def test_markdown_cannot_be_broken_by_a_name() -> None:
    result = sample_result()
    result["routers"][0]["name"] = "a|b <i>*x*"
    assert "a\\|b \\<i\\>\\*x\\*" in leaderboard_markdown(result)


# the page


def test_page_is_one_file_that_loads_nothing() -> None:
    html = render_html(sample_result())
    for tag, attributes in Page(html).tags:
        for name in ("src", "href", "action", "data"):
            target = attributes.get(name) or "#"
            assert target.startswith(("#", "data:,")), (tag, target)
    style = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    assert not any("@import" in text or "url(" in text for text in style)
    assert "default-src 'none'" in html
    assert "'unsafe-eval'" not in html


def test_foreign_text_stays_text() -> None:
    result = sample_result(injected=ATTACK)
    result["routers"][1]["name"] = result["table"]["name"] = ATTACK
    clean, attacked = Page(render_html(sample_result())), Page(render_html(result))
    assert [tag for tag, _ in attacked.tags] == [tag for tag, _ in clean.tags]
    assert not any(name.startswith("on") for _, attributes in attacked.tags for name in attributes)
    assert "<img src=x onerror=alert(2)>" in attacked.text


def test_embedded_data_survives_the_escaping() -> None:
    result = sample_result()
    result["routers"][0]["name"] = ATTACK
    block = re.search(r'<script type="application/json" id="data">(.*?)</script>', render_html(result), re.DOTALL)
    assert block and "\u2028" not in block[1]
    assert ATTACK in {point["name"] for point in json.loads(block[1])["points"]}


def test_redaction_leaves_no_prompt_anywhere() -> None:
    prompts = {loss["prompt"] for row in sample_result()["routers"] for loss in row.get("losses", ())}
    open_page, redacted = Page(render_html(sample_result())), render_html(sample_result(), redact_prompts=True)
    assert all(" ".join(prompt.split()) in open_page.text for prompt in prompts)
    assert not any(prompt[:20] in redacted for prompt in prompts)
    assert "prompt redacted" in redacted


def test_every_undefined_number_says_why() -> None:
    html = render_html(sample_result(costs=False))
    assert "undefined: the table names no costs" in html
    assert "Costs are not known, so nothing is said about the hull." in html
    assert "$0" not in Page(html).text


@pytest.mark.parametrize(
    "keys", [["slices"], ["curve"], ["losses"], ["calibration"], ["picks", "recall_at_pick", "cpt"]]
)
def test_missing_parts_are_left_out(keys: list[str]) -> None:
    result = sample_result()
    for row in result["routers"]:
        for key in keys:
            row.pop(key, None)
    assert "bilinear-utility" in render_html(result)


def test_the_least_result_renders_everywhere() -> None:
    assert "lonely" in render_html(bare_result())
    assert "lonely" in leaderboard_markdown(bare_result())
    assert "lonely" in printed(bare_result(), 80)


def test_same_result_gives_the_same_page() -> None:
    assert render_html(sample_result(3)) == render_html(sample_result(3))


def test_hull_is_linear_in_dollars() -> None:
    line = hull_line(as_result(sample_result()))
    (x0, y0), (x1, y1), (x2, y2) = line[0], line[12], line[24]
    assert (x2, y2) == pytest.approx((0.028, 0.61))
    assert (x1, y1) == pytest.approx(((x0 + x2) / 2, (y0 + y2) / 2))


# the picture


def test_png_is_written_and_repeats_byte_for_byte(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    first, second = tmp_path / "a.png", tmp_path / "b.png"
    for path in (first, second):
        write_png(sample_result(), path, dpi=60)
    assert first.read_bytes().startswith(b"\x89PNG") and first.read_bytes() == second.read_bytes()


def test_a_name_never_covers_another_nor_seems_to_belong_to_one() -> None:
    names = Names(marks=[(50, 50), (80, 50)], frame=Box(0, 0, 200, 100))
    assert not names.claim((50, 50), Box(60, 45, 100, 55), far=False), "covers the other mark"
    assert names.claim((50, 50), Box(5, 45, 42, 55), far=False)
    assert not names.claim((80, 50), Box(30, 40, 60, 50), far=False), "covers the first name"
    assert not names.claim((80, 50), Box(0, 50, 20, 60), far=True), "the leader would cross the first mark"
    assert not names.claim((80, 50), Box(190, 45, 230, 55), far=True), "leaves the figure"
    assert names.claim((80, 50), Box(88, 45, 130, 55), far=False)


def test_png_without_costs_is_refused_and_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected costs"):
        write_png(sample_result(costs=False), tmp_path / "a.png")
    assert not list(tmp_path.iterdir())


def test_missing_matplotlib_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(PrerequisiteError, match=r"routelab\[plot\]"):
        write_png(sample_result(), tmp_path / "a.png")


# the command


def run_command(folder: Path, result: dict[str, Any], *options: str) -> Any:
    source = folder / "result.json"
    source.write_text(json.dumps(result), encoding="utf-8")
    return CliRunner().invoke(report_command, [str(source), "-o", str(folder / "report.html"), *options])


def test_command_writes_the_page_and_reports_as_json(tmp_path: Path) -> None:
    answer = run_command(tmp_path, sample_result(), "--json", "--redact-prompts")
    assert answer.exit_code == 0
    summary = json.loads(answer.output)
    assert summary["written"] == [str(tmp_path / "report.html")]
    assert "prompt redacted" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_command_prints_markdown(tmp_path: Path) -> None:
    assert run_command(tmp_path, sample_result(), "--markdown").output == leaderboard_markdown(sample_result())


def test_command_prints_the_table(tmp_path: Path) -> None:
    answer = run_command(tmp_path, sample_result())
    assert "bilinear-utility" in answer.output and "wrote" in answer.output


def _changed(**parts: Any) -> str:
    return json.dumps(sample_result() | parts)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "expected JSON"),
        ("[]", "expected a routelab result"),
        ("{}", "schema_version None"),
        (_changed(schema_version=2), "schema_version 2"),
        (_changed(routers=3), r"\$\.routers"),
        (_changed(routers=[{"accuracy": metric(0.5)}]), "name"),
        (_changed(routers=[{"name": "a", "accuracy": 0.5}]), r"\$\.routers\[0\]\.accuracy"),
        (_changed(table={"queries": "many", "arms": 2}), r"\$\.table\.queries"),
        (_changed(confidence=None), r"\$\.confidence"),
        ("[" * 100_000, "expected JSON"),
        (_changed().replace("0.95", "NaN", 1), "expected JSON"),
    ],
)
def test_malformed_results_give_one_clear_error(tmp_path: Path, text: str, message: str) -> None:
    source = tmp_path / "result.json"
    source.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_result(source)


def test_a_failed_page_leaves_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    target.write_text("old", encoding="utf-8")
    with pytest.raises(InputError):
        write_html({"schema_version": 1}, target)
    assert target.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [target]
