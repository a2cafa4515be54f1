"""The page of a leaderboard: one file that holds its data, its charts and its script, and asks the network for nothing.

The content security policy names every script and style by its hash, and the script builds the page from text nodes
only, so nothing a submitter wrote can run. Where the page is served live it may ask its own server, and no other.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
from collections.abc import Mapping
from importlib.resources import files
from string import Template
from typing import Any

from routelab.arena.report.sections import esc

GENERATOR = "routelab leaderboard"
REPORT, SITE = "routelab.arena.report", "routelab.arena.leaderboard.site"
LIBRARY = "echarts.min.js"
STYLES = ((REPORT, "report.css"), (SITE, "site.css"))
SCRIPTS = (
    (REPORT, "charts.js"),
    (SITE, "dom.js"),
    (SITE, "format.js"),
    (SITE, "model.js"),
    (SITE, "plots.js"),
    (SITE, "table.js"),
    (SITE, "cost.js"),
    (SITE, "slices.js"),
    (SITE, "compare.js"),
    (SITE, "history.js"),
    (SITE, "router.js"),
    (SITE, "steady.js"),
    (SITE, "about.js"),
    (SITE, "site.js"),
)


def render(board: Mapping[str, Any], data: bytes, *, refresh_s: float | None = None) -> str:
    """The page of ``board`` around the packed ``data``; with ``refresh_s`` it asks its server for a newer board."""
    library = asset(REPORT, LIBRARY)
    style = "\n".join(asset(*name) for name in STYLES)
    scripts = [asset(*name) for name in SCRIPTS]
    return Template(asset(SITE, "index.html")).substitute(
        policy=policy(style, [library, *scripts], live=refresh_s is not None),
        generator=GENERATOR,
        title=esc(f"{board['board']['name']} · routelab leaderboard"),
        name=esc(board["board"]["name"]),
        style=style,
        refresh="" if refresh_s is None else f' data-refresh="{refresh_s:g}"',
        data=_text(data),
        library=_text(gzip.compress(library.encode(), compresslevel=9, mtime=0)),
        scripts="\n".join(f"<script>{script}</script>" for script in scripts),
    )


def policy(style: str, scripts: list[str], *, live: bool) -> str:
    """The content security policy for these inlined texts."""
    own = "'self'" if live else "'none'"
    return (
        f"default-src 'none'; script-src {' '.join(map(_hash, scripts))}; style-src {_hash(style)}; img-src data:; "
        f"connect-src {own}; base-uri 'none'; form-action 'none'"
    )


def asset(package: str, name: str) -> str:
    """The text of a file that comes with a package."""
    return files(package).joinpath("assets", name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{_text(hashlib.sha256(text.encode()).digest())}'"


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
