"""The page of a joint run: honest words, one file that loads nothing, charts that draw, and the run behind it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from chrome import BINARY, Chrome
from routelab.arena.joint.judge import judge
from routelab.arena.joint.sweep import state_worth, swept
from routelab.arena.report.joint import render_joint, write_joint
from routelab.arena.report.joint.schema import as_joint
from routelab.arena.report.joint.words import sentences, title
from routelab.cli import cli
from routelab.core import InputError
from routelab.data import FLEETS, default_table
from routelab.pool.fleet.spec import FleetSpec, PoolSpec, Slo, load_fleet, read_fleet
from routelab.workload.arrivals import Requests
from routelab.workload.arrivals.lengths import Fixed, Separate
from routelab.workload.arrivals.processes import Poisson

ATTACK = "</script><script>document.title='owned'</script><img src=x onerror=alert(1)>"
LOADS = (0.5, 1.0, 2.0)


def in_browser(test: Any) -> Any:
    """A test that needs a browser."""
    return pytest.mark.browser(pytest.mark.skipif(BINARY is None, reason="no chromium on this machine")(test))


def sample_joint(**changed: Any) -> dict[str, Any]:
    """A run in round numbers: a router with three views, two yardsticks, two servers."""
    names = {
        "mover": "fresh",
        "mover, view 5 s old": "aged",
        "mover, no view": "none",
        "best-single": None,
        "oracle": None,
    }
    rows = [_row(name, view, 0.6 - 0.05 * place) for place, (name, view) in enumerate(names.items())]
    figures = {
        name: {load: [_figures(place, load, seed) for seed in range(3)] for load in LOADS}
        for place, name in enumerate(names)
    }
    views = {name: {"router": name.partition(",")[0], "view": view} for name, view in names.items()}
    return {
        "schema_version": 1,
        "routelab_version": "0",
        "kind": "joint",
        "table": {"name": "tiny", "hash": "abc", "queries": 10, "arms": ["a", "b"]},
        "fleet": {
            "pools": [{"model": "m", "gpu": "L4", "replicas": 2, "tp": 1, "dtype": "bf16", "arms": ["a", "b"]}],
            "servers": 2,
            "usd_per_hour": 1.6,
            "slo": {"e2e_s": 2.0},
        },
        "workload": {"requests": 30, "rate_req_s": 10.0, "span_s": 3.0, "assumption": "Queries are drawn."},
        "protocol": {"seeds": 3, "seed": 0, "folds": 5, "view_age_s": 5.0, "knee_attainment": 0.95},
        "routers": rows,
        "sweep": [swept(name, by_load) for name, by_load in figures.items()],
        "state": state_worth(figures, views),
        "shown": [_shown("mover"), _shown("best-single")],
    } | changed


def _metric(value: float, half: float = 0.02) -> dict[str, float]:
    return {"value": value, "low": value - half, "high": value + half}


def _row(name: str, view: str | None, right: float) -> dict[str, Any]:
    row = {"name": name, "router": name.partition(",")[0], "view": view, "good_in_time": _metric(right)}
    row |= {
        "quality": _metric(right + 0.05),
        "slo_attainment": _metric(0.97),
        "e2e_s_p50": _metric(0.5),
        "e2e_s_p99": _metric(1.5),
    }
    row |= {
        "usd_per_1k": _metric(0.03, 0.001),
        "fleet_usd_per_1k": _metric(0.01, 0.001),
        "energy_j_per_request": _metric(2 * right),
    }
    return row | ({} if name == "best-single" else {"delta_vs_best_single": {"good_in_time": _metric(right - 0.45)}})


def _figures(place: int, load: float, seed: int) -> dict[str, float]:
    late = max(0.0, load - 1.5) * (place + 1) / 5
    return {
        "good_in_time": 0.6 - late,
        "slo_attainment": 1 - late,
        "e2e_s_p99": load + seed / 10,
        "energy_j_per_request": 1.0,
    }


def _shown(router: str) -> dict[str, Any]:
    server = {"name": "m 0", "waiting": [0, 2, 1], "running": [1, 4, 3], "kv_used": [0.0, 0.5, 0.25]}
    requests = [[0.0, 0.0, 0.1, 0.5], [0.1, 0.3, 0.4, 0.9]]
    timeline = {"time_s": [0.0, 1.0, 2.0], "servers": [server, server | {"name": "m 1"}]}
    return {"router": router, "timeline": timeline, "gantt": {"server": "m 0", "requests": requests}}


# the sweep


def test_the_knee_is_the_highest_load_up_to_which_all_loads_are_in_time() -> None:
    def knee(*shares: float) -> Any:
        found = {load: [{"slo_attainment": share}] for load, share in zip(LOADS, shares, strict=True)}
        return swept("any", found)["knee"]

    assert knee(1.0, 0.95, 0.5) == 1.0
    assert knee(1.0, 0.9, 1.0) == 0.5, "a load beyond one that is too much does not count"
    assert knee(0.9, 1.0, 1.0) is None
    assert knee(1.0, 1.0, 1.0) == 2.0


def test_the_worth_of_state_is_paired_by_seed() -> None:
    luck = (0.0, 0.3, 0.1)
    sweep = {
        "r": {1.0: [{"good_in_time": 0.5 + each} for each in luck]},
        "r, no view": {1.0: [{"good_in_time": 0.4 + each} for each in luck]},
    }
    views = {"r": {"router": "r", "view": "fresh"}, "r, no view": {"router": "r", "view": "none"}}
    ((point,),) = [line["points"] for line in state_worth(sweep, views)]
    assert point["good_in_time"] == pytest.approx({"value": 0.1, "low": 0.1, "high": 0.1})


# the words


def test_the_title_describes_and_the_sentences_carry_the_interval() -> None:
    run = as_joint(sample_joint())
    assert (
        title(run)
        == "mover: 60.0\N{NO-BREAK SPACE}% right and in time, against 45.0\N{NO-BREAK SPACE}% for the best single arm."
    )
    difference, knee, state = sentences(run)
    assert "+15.0 pt [+13.0, +17.0]" in difference and "not corrected" in difference
    assert knee == "Highest load of the sweep with 95% in time: mover ×1, 10.0 req/s; best-single ×1, 10.0 req/s."
    assert state == "A fresh view of the pool against none, where the interval leaves out zero: at ×2 mover +20.0 pt."


def test_an_open_difference_is_called_open() -> None:
    result = sample_joint()
    result["routers"][0]["delta_vs_best_single"] = {"good_in_time": _metric(0.01)}
    assert "which leaves the order open" in sentences(as_joint(result))[0]


def test_one_seed_has_no_interval_and_says_so() -> None:
    result = sample_joint()
    result["routers"][0]["delta_vs_best_single"] = {"good_in_time": {"value": 0.01, "low": None, "high": None}}
    assert "one seed gives no interval" in sentences(as_joint(result))[0]


# the page


def test_the_page_loads_nothing_and_foreign_text_stays_text() -> None:
    result = sample_joint()
    result["routers"][0]["name"] = result["table"]["name"] = ATTACK
    html = render_joint(result)
    assert "default-src 'none'" in html and "<img src=x" not in html and "<script>document.title" not in html
    assert not re.findall(r"(?:src|href)=\"(?!#|data:,)", html)


def test_every_chart_has_words_and_its_numbers_stand_in_a_table() -> None:
    html = render_joint(sample_joint())
    charts = re.findall(r'data-chart="(\w+)" role="img" aria-label="([^"]+)"', html)
    assert [name for name, _ in charts] == ["jointPlane", "sweep", "worth", "timeline", "gantt"]
    assert all("stand in" in label for _, label in charts)
    assert "<td>200.0 ms</td>" in html, "the second request waited 0.2 s"


def test_what_was_recorded_and_what_was_simulated_is_said() -> None:
    html = render_joint(sample_joint())
    assert "Scores and tokens were recorded; every second and joule is simulated." in html
    assert "Queries are drawn." in html


def test_a_run_without_routers_that_look_still_has_a_page() -> None:
    assert "No router of this run looks at the pool." in render_joint(sample_joint(state=[], sweep=[], shown=[]))


@pytest.mark.parametrize(("part", "path"), [({"kind": "arena"}, "kind"), ({"routers": [{"name": 3}]}, r"routers\[0\]")])
def test_what_is_no_joint_run_is_refused(part: dict[str, Any], path: str) -> None:
    with pytest.raises(InputError, match=path):
        render_joint(sample_joint(**part))


def test_a_real_run_makes_a_page_and_little_json(tmp_path: Path) -> None:
    lengths = Separate(input=Fixed(tokens=1), output=Fixed(tokens=1))
    workload = Requests(process=Poisson(rate=50), lengths=lengths, n=60)
    spec = load_fleet(FLEETS / "default.yaml")
    found = judge(default_table(), spec, workload.arrivals, ["spill-over"], seeds=1, folds=2, loads=(1.0, 4.0))
    assert {row["view"] for row in found["routers"] if row["router"] == "spill-over"} == {"fresh", "aged", "none"}
    assert [shown["router"] for shown in found["shown"]][-1] == "best-single"
    assert len(json.dumps(found)) < 300_000
    write_joint(json.loads(json.dumps(found)), tmp_path / "joint.html")
    assert "spill-over" in (tmp_path / "joint.html").read_text("utf-8")


# the command


def rendered(folder: Path, run: dict[str, Any], *options: str) -> Result:
    (folder / "joint.json").write_text(json.dumps(run), encoding="utf-8")
    call = ["report", str(folder / "joint.json"), "-o", str(folder / "page.html"), *options]
    return CliRunner().invoke(cli, call, standalone_mode=False)


def test_report_makes_of_the_json_the_page_that_the_run_itself_wrote(tmp_path: Path) -> None:
    answer = rendered(tmp_path, sample_joint())
    write_joint(sample_joint(), tmp_path / "joint.html")
    assert (tmp_path / "page.html").read_bytes() == (tmp_path / "joint.html").read_bytes()
    assert "mover, no view" in answer.output and "right and in time" in answer.output and "wrote" in answer.output
    told = json.loads(rendered(tmp_path, sample_joint(), "--json").output)
    assert told["title"] == title(as_joint(sample_joint())) and told["written"] == [str(tmp_path / "page.html")]


@pytest.mark.parametrize(
    ("run", "options", "said"),
    [
        (sample_joint(schema_version=2), (), "joint.json: expected a joint run with schema_version 1"),
        (sample_joint(routers=3), (), r"\$\.routers"),
        (sample_joint(), ("--markdown",), "--markdown: expected the JSON of `routelab evaluate`"),
    ],
)
def test_what_cannot_be_rendered_is_told_and_nothing_written(
    tmp_path: Path, run: dict[str, Any], options: tuple[str, ...], said: str
) -> None:
    error = rendered(tmp_path, run, *options).exception
    assert isinstance(error, InputError) and re.search(said, str(error))
    assert not (tmp_path / "page.html").exists()


# the documentation


def test_the_documented_fleet_is_one_and_every_field_is_documented() -> None:
    text = (Path(__file__).parents[1] / "docs" / "joint.md").read_text("utf-8")
    (block,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert len(read_fleet(yaml.safe_load(block), "docs").pools) == 2
    for kind in (FleetSpec, PoolSpec, Slo):
        assert not [field for field in kind.__struct_fields__ if f"`{field}`" not in text]


# in a browser

DRAWN = """(async () => {
  for (const node of document.querySelectorAll('.chart')) {
    node.scrollIntoView({ behavior: 'instant' });
    const drawn = () => node.querySelector('svg path') || node.classList.contains('empty');
    while (!drawn()) await new Promise(requestAnimationFrame);
  }
  return document.querySelectorAll('.chart svg').length;
})()"""


@pytest.fixture(scope="module")
def chrome() -> Iterator[Chrome]:
    with Chrome() as found:
        yield found


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("joint") / "joint.html"
    write_joint(sample_joint(), target)
    return target


@in_browser
@pytest.mark.parametrize(("width", "dark"), [(1280, False), (1280, True), (375, False)])
def test_all_charts_are_drawn_at_any_width(chrome: Chrome, page: Path, width: int, dark: bool) -> None:
    chrome.open(page, width=width, dark=dark)
    assert chrome.run(DRAWN) == 5
    assert chrome.run("document.documentElement.scrollWidth") == width
    assert chrome.problems == []


@in_browser
def test_axes_runs_and_the_followed_router_are_kept_in_the_address(chrome: Chrome, page: Path) -> None:
    chrome.open(page)
    for choice in ("[data-x=usd_per_1k]", "[data-run='1']", "[data-pick=oracle]"):
        chrome.run(f'document.querySelector("{choice}").click()')
    chrome.open(page, chrome.run("location.hash"))
    assert chrome.run("document.querySelector('[data-x=usd_per_1k]').ariaPressed") == "true"
    assert chrome.run("document.getElementById('router').value") == "oracle"
    shown = "[...document.querySelectorAll('[data-when]:not([hidden])')].map((part) => part.dataset.when)"
    assert set(chrome.run(shown)) == {"run:1"}
    assert chrome.run(DRAWN) == 5 and chrome.problems == []
