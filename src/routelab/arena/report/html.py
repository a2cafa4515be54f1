"""The report page: one file that needs no network and runs no script but its own.

The content security policy names each inlined script by its hash, so text that came with the data cannot
run even if it slipped through escaping. Knows how the parts are put together, not what they say.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

import msgspec

from routelab.arena.report.closer import panels
from routelab.arena.report.headline import facts_line, headline
from routelab.arena.report.payload import chart_data
from routelab.arena.report.schema import Result, as_result
from routelab.arena.report.sections import esc, leaderboard, method, router_options
from routelab.core.files import write_text

SCRIPTS = ("echarts.min.js", "charts.js", "report.js")
_UNSAFE_IN_SCRIPT = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)


def render_html(result: Mapping[str, Any] | Result, *, redact_prompts: bool = False) -> str:
    """The whole page as text; with ``redact_prompts`` no prompt appears anywhere in it."""
    run = as_result(result)
    words, charts = headline(run), chart_data(run)
    scripts = [asset(name) for name in SCRIPTS]
    return Template(asset("report.html")).substitute(
        policy=policy(scripts),
        title=esc(f"{run.table.name} · routelab"),
        style=asset("report.css"),
        table=esc(run.table.name),
        facts=esc(facts_line(run)),
        headline=esc(words.title),
        sentences="".join(f"<p>{esc(sentence)}</p>" for sentence in words.sentences),
        board=leaderboard(run),
        plane="Quality against cost" if charts["costs"] else "Quality",
        options=router_options(run),
        panels=panels(run, redact_prompts),
        method=method(run),
        version=esc(run.routelab_version),
        data=embedded_json(charts),
        scripts="\n".join(f"<script>{text}</script>" for text in scripts),
    )


def write_html(result: Mapping[str, Any] | Result, path: Path, *, redact_prompts: bool = False) -> None:
    """Write the page, whole or not at all."""
    write_text(path, render_html(result, redact_prompts=redact_prompts))


def embedded_json(value: Any) -> str:
    """JSON that cannot end the script element it stands in.

    >>> embedded_json("</script>")
    '"\\\\u003c/script\\\\u003e"'
    """
    return msgspec.json.encode(value).decode().translate(_UNSAFE_IN_SCRIPT)


def asset(name: str) -> str:
    """The text of a file of the page."""
    return files("routelab.arena.report").joinpath("assets", name).read_text(encoding="utf-8")


def policy(scripts: list[str]) -> str:
    """The content security policy of a page that runs these scripts and asks the network for nothing."""
    digests = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts)
    hashes = " ".join(f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src {hashes}; "
        "base-uri 'none'; form-action 'none'"
    )
