"""The documentation holds: generated parts are fresh, examples run, links lead somewhere, names are as documented."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
import runpy
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import yaml

import planted
import routelab
from routelab.core.config import convert
from routelab.pool.live import Endpoints
from routelab.router import Recipe, catalogue

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
CODE = re.compile(r"(?P<skip><!-- no-run -->\n)?^```(?P<language>\w+)\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:|mailto:|#)(?P<path>[^)#\s]+)")
LONGEST_FILE = 400
NOT_OURS = {".git", ".venv", "results", "build", "dist", "__pycache__"}
REGISTRIES = [".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"))]


def blocks(page: Path, language: str) -> Iterator[re.Match[str]]:
    """The code blocks of a page in one language, those marked as not to be run aside."""
    return (block for block in CODE.finditer(page.read_text("utf-8")) if block["language"] == language and not block[1])


def ours(*suffixes: str) -> Iterator[Path]:
    """Text files of the project, by suffix."""
    for path in ROOT.rglob("*"):
        if path.is_file() and path.suffix in suffixes and not NOT_OURS & set(path.relative_to(ROOT).parts):
            yield path


def test_generated_parts_are_fresh() -> None:
    """In a process of its own: a command that a test has run before remembers its help option."""
    run = subprocess.run([sys.executable, ROOT / "docs" / "build.py", "--check"], capture_output=True, text=True)
    assert run.returncode == 0, f"run make docs: {run.stdout}{run.stderr}"


@pytest.mark.parametrize("page", [page for page in PAGES if any(blocks(page, "python"))], ids=lambda page: page.name)
def test_examples_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All blocks of a page are one script whose lines stand where they stand in the page."""
    text = page.read_text("utf-8")
    lines = [""] * text.count("\n")
    for block in blocks(page, "python"):
        first = text[: block.start("code")].count("\n")
        code = block["code"].splitlines()
        lines[first : first + len(code)] = code
    script = tmp_path / f"{page.stem}.py"
    script.write_text("\n".join(lines), "utf-8")
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(script))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    dead = [path for path in LINK.findall(page.read_text("utf-8")) if not (page.parent / path).exists()]
    assert not dead


@pytest.mark.parametrize(("name", "kind"), [("routers.md", Recipe), ("try.md", Endpoints)])
def test_configuration_files_are_valid(name: str, kind: type) -> None:
    (block,) = blocks(ROOT / "docs" / name, "yaml")
    convert(yaml.safe_load(block["code"]), kind, name)


def test_json_examples_are_json() -> None:
    for block in blocks(ROOT / "docs" / "json-contract.md", "json"):
        json.loads(block["code"])


def test_every_field_of_a_scorecard_is_explained() -> None:
    page = (ROOT / "docs" / "metrics.md").read_text("utf-8") + (ROOT / "docs" / "json-contract.md").read_text("utf-8")
    result = routelab.evaluate(catalogue.ridge, planted.table(planted.draw(np.random.default_rng(0), 120)))
    fields = {*result.data, *(field for row in result.data["routers"] for field in row)}
    assert not [field for field in sorted(fields) if f"`{field}`" not in page]


def test_every_dependency_has_its_line() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    groups = [project["project"]["dependencies"], *project["project"]["optional-dependencies"].values()]
    wanted = [
        re.split(r"[\[<>=~]", line)[0] for group in [*groups, project["dependency-groups"]["dev"]] for line in group
    ]
    page = (ROOT / "docs" / "dependencies.md").read_text("utf-8").lower()
    assert not [name for name in wanted if f"| {name.lower()} |" not in page]


def test_public_names_are_sorted_and_importable() -> None:
    """Constants first, then classes, then functions, each by name."""
    modules = [routelab.__name__, *(m.name for m in pkgutil.walk_packages(routelab.__path__, "routelab.") if m.ispkg)]
    for module in map(importlib.import_module, modules):
        names: list[str] = getattr(module, "__all__", [])
        assert names == sorted(set(names), key=lambda name: (not name.isupper(), name.islower(), name)), module.__name__
        for name in names:
            assert not isinstance(getattr(module, name), ModuleType), f"{module.__name__}.{name}"


def test_no_file_names_a_package_registry() -> None:
    suspects = ours(".md", ".py", ".toml", ".txt", ".yaml", ".yml", ".cff", ".json", ".cfg", "")
    named = [path.name for path in suspects if any(host in path.read_text("utf-8", "replace") for host in REGISTRIES)]
    assert not named


def test_no_file_is_too_long() -> None:
    sizes = {path.name: path.read_text("utf-8").count("\n") for path in ours(".py")}
    assert not {name: size for name, size in sizes.items() if size > LONGEST_FILE}
