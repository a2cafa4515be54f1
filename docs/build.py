"""Regenerates what the documentation takes from the code; ``--check`` writes nothing and exits 1 naming what is stale.

Generated are whole files under ``docs/schemas`` and, in every page, the text between ``<!-- generated: NAME -->`` and
``<!-- end -->``. It reads the code and ``pyproject.toml`` of this checkout and nothing that is measured, so that
equal code gives equal bytes.
"""

from __future__ import annotations

import importlib
import inspect
import re
import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import msgspec
import polars as pl
import yaml

from routelab.arena import baselines
from routelab.arena.leaderboard.audits import AUDITS
from routelab.arena.leaderboard.manifest import Manifest as Submission
from routelab.cli import cli
from routelab.core import ModelCard, Outcome, Plan, Price, Query
from routelab.core.config import json_schema
from routelab.core.files import write_text
from routelab.outcomes.schema import ANSWER_COLUMNS, CALL_COLUMNS, QUERY_COLUMNS
from routelab.outcomes.store import Manifest
from routelab.pool.fleet.spec import FleetSpec
from routelab.router import Recipe, catalogue
from routelab.router.contract import CHECKS
from routelab.workload import sources
from routelab.workload.arrivals import AnyWorkload
from routelab.workload.build import Recipe as SuiteRecipe
from routelab.workload.generate import FAMILIES, Family, families
from routelab.workload.generate.register import Register
from routelab.workload.suites import Manifest as SuiteManifest

DOCS = Path(__file__).parent
ROOT = DOCS.parent
BLOCK = re.compile(r"(<!-- generated: (?P<name>[\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
HELP_WIDTH = 100
SCHEMAS: dict[str, Any] = {
    "fleet": FleetSpec,
    "manifest": Manifest,
    "model-card": ModelCard,
    "outcome": Outcome,
    "plan": Plan,
    "price": Price,
    "query": Query,
    "recipe": Recipe,
    "season-register": Register,
    "submission": Submission,
    "suite-manifest": SuiteManifest,
    "suite-recipe": SuiteRecipe,
    "workload": AnyWorkload,
}
assert families


def project() -> dict[str, Any]:
    """What ``pyproject.toml`` declares."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def table(headings: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A Markdown table; bars and line breaks inside cells are taken care of."""
    cells = [headings, ("---",) * len(headings), *rows]
    lines = (" | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in row) for row in cells)
    return "\n".join(f"| {line} |" for line in lines)


def columns(kinds: Mapping[str, pl.DataType]) -> Callable[[], str]:
    """Name, type and meaning of a frame's columns; a column without a meaning is an error here."""
    return lambda: table(
        ("column", "type", "meaning"), [(f"`{name}`", f"`{kind}`", meanings()[name]) for name, kind in kinds.items()]
    )


def meanings() -> dict[str, str]:
    """What each column means, from ``columns.yaml``."""
    return dict(yaml.safe_load((DOCS / "columns.yaml").read_text(encoding="utf-8")))


def commands() -> str:
    """The help of every command, as a terminal of ``HELP_WIDTH`` columns shows it."""
    face = click.Context(cli, info_name="routelab", terminal_width=HELP_WIDTH, **cli.context_settings)
    parts = []
    for name in cli.list_commands(face):
        command = cli.get_command(face, name)
        assert command is not None
        here = click.Context(command, parent=face, info_name=name)
        parts.append(f"## routelab {name}\n\n```text\n{command.get_help(here)}\n```")
        for below, inner in command.commands.items() if isinstance(command, click.Group) else ():
            text = inner.get_help(click.Context(inner, parent=here, info_name=below))
            parts.append(f"### routelab {name} {below}\n\n```text\n{text}\n```")
    return "\n\n".join(parts)


def importers() -> str:
    """The docstring and options of every importer of this package, under the names it is registered by."""
    modules: dict[str, list[str]] = {}
    for name, module in project()["project"]["entry-points"]["routelab.importers"].items():
        modules.setdefault(module, []).append(name)
    parts = []
    for module, names in modules.items():
        importer = importlib.import_module(module)
        text = inspect.cleandoc(importer.__doc__ or "").replace("``", "`")
        options = [(f"`{key}`", meaning) for key, meaning in importer.OPTIONS.items()]
        heading = f"## {', '.join(names)}"
        parts.append("\n\n".join([heading, text, *([table(("option", "meaning"), options)] if options else [])]))
    return "\n\n".join(parts)


def recipes() -> str:
    """The built-in routers, part by part."""
    rows = [
        (
            f"`{recipe.name}`",
            recipe.description,
            ", ".join(f"{tag(view.encoder)} → {tag(view.reduction)}" for view in recipe.views) or "–",
            tag(recipe.estimator),
            ", ".join(map(tag, recipe.guards)) or "–",
            tag(recipe.selector),
        )
        for recipe in catalogue.recipes()
    ]
    return table(("name", "what it does", "encoder", "estimator", "guards", "selector"), rows)


def origins() -> str:
    """Where the built-in routers come from, how near they are to it, and what they are not."""
    rows = [
        (
            f"`{recipe.name}`",
            recipe.about.family,
            f"{recipe.about.source or 'this project'} ({recipe.about.fidelity})",
            recipe.about.deviation or "–",
            recipe.about.is_not or "–",
            ", ".join(recipe.about.needs) or "–",
        )
        for recipe in catalogue.recipes()
    ]
    return table(("name", "family", "source", "deviation", "it is not", "needs"), rows)


def tag(part: msgspec.Struct) -> str:
    """The name of a part in a recipe file."""
    return str(part.__struct_config__.tag)


def promises() -> str:
    """What ``check_router`` holds every router to."""
    return table(
        ("check", "promise"), [(check.__name__.replace("_", "-"), inspect.getdoc(check) or "") for check in CHECKS]
    )


def baseline_rows() -> str:
    """The policies that stand beside every router, in the order of the board."""
    learned = {candidate.name: candidate.description for candidate in baselines.learned_baselines()}
    known = baselines.PLAIN | learned
    return table(("baseline", "what it does"), [(f"`{name}`", known[name]) for name in baselines.ORDER])


def categories() -> str:
    """Every category of the procedural suite with its families; those drawn in hidden seasons only in brackets."""
    groups: dict[tuple[str, str], list[Family]] = {}
    for one in sorted(FAMILIES.values(), key=lambda one: (one.division, one.name)):
        groups.setdefault((one.domain, one.category), []).append(one)
    rows = [
        (
            domain,
            category,
            ", ".join(f"({one.name})" if one.withheld else one.name for one in members),
            ", ".join(sorted({str(one.form) for one in members})),
            ", ".join(sorted({one.asks for one in members})),
        )
        for (domain, category), members in groups.items()
    ]
    return table(("domain", "category", "task families", "forms", "asks for"), rows)


def public_sources() -> str:
    """The catalogued public data sets."""
    rows = sources.table()
    return table(tuple(rows[0]), [tuple(str(value) for value in row.values()) for row in rows])


def graders() -> str:
    """What every registered grader does, by its first line."""
    points = project()["project"]["entry-points"]["routelab.graders"]
    rows = []
    for name, target in points.items():
        module, _, attribute = target.partition(":")
        text = inspect.getdoc(getattr(importlib.import_module(module), attribute)) or ""
        rows.append((f"`{name}`", text.splitlines()[0].replace("``", "`")))
    return table(("metric", "what scores 1"), rows)


def layers() -> str:
    """The import arrows, exactly as the linter reads them."""
    (contract,) = project()["tool"]["importlinter"]["contracts"]
    return "```text\n" + "\n".join(contract["layers"]) + "\n```"


def audits() -> str:
    """Every audit of a submission, with what its docstring says."""
    rows = [(f"`{one.__name__.replace('_', '-')}`", " ".join((one.__doc__ or "").split())) for one in AUDITS]
    return table(("audit", "fails where"), rows)


BLOCKS: dict[str, Callable[[], str]] = {
    "answer-columns": columns(ANSWER_COLUMNS),
    "audits": audits,
    "baselines": baseline_rows,
    "call-columns": columns(CALL_COLUMNS),
    "catalogue": recipes,
    "origins": origins,
    "categories": categories,
    "commands": commands,
    "graders": graders,
    "importers": importers,
    "layers": layers,
    "promises": promises,
    "query-columns": columns(QUERY_COLUMNS),
    "sources": public_sources,
}


def filled(page: str) -> str:
    """A page with every generated block as the code has it now."""
    return BLOCK.sub(lambda found: f"{found[1]}\n{BLOCKS[found['name']]()}\n\n{found[3]}", page)


def wanted() -> dict[Path, str]:
    """Every file that is generated, or holds generated text, as it ought to be."""
    pages = [*sorted(DOCS.glob("*.md")), ROOT / "README.md"]
    files = {page: filled(page.read_text(encoding="utf-8")) for page in pages}
    for name, kind in SCHEMAS.items():
        text = msgspec.json.format(msgspec.json.encode(json_schema(kind)), indent=2).decode()
        files[DOCS / "schemas" / f"{name}.json"] = text + "\n"
    return files


def stale() -> dict[Path, str]:
    """Those of the wanted files that are not what they ought to be."""
    return {
        path: text for path, text in wanted().items() if not path.is_file() or path.read_text(encoding="utf-8") != text
    }


def main(arguments: list[str]) -> None:
    """Write what is stale, or with ``--check`` only name it."""
    found = stale()
    names = ", ".join(str(path.relative_to(ROOT)) for path in found)
    if arguments == ["--check"]:
        raise SystemExit(f"stale: {names}. Fix: make docs" if found else 0)
    for path, text in found.items():
        write_text(path, text)
    sys.stdout.write(f"wrote {names}\n" if found else "everything is up to date\n")


if __name__ == "__main__":
    main(sys.argv[1:])
