"""``docs/fleet-accuracy.md`` as the benchmarks of the fleet write it: each replaces the section between its own marks.

Knows no figures. Also what every benchmark says about itself: machine, versions, load of the machine.
"""

from __future__ import annotations

import os
import platform
from pathlib import Path

import numba
import numpy as np

from routelab import __version__
from routelab.core.files import read_text, write_text

PAGE = Path(__file__).parents[1] / "docs" / "fleet-accuracy.md"


def machine() -> str:
    """What the figures were measured on, as one line."""
    versions = f"numpy {np.__version__}, numba {numba.__version__}, Python {platform.python_version()}"
    load = f"{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f} at the start"
    return f"routelab {__version__}, {versions}, {platform.machine()}, {load}"


def put(section: str, text: str) -> None:
    """Replace a section of the page; its marks must be there."""
    begin, end = f"<!-- {section} -->", f"<!-- end {section} -->"
    page = read_text(PAGE)
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    write_text(PAGE, f"{before}{begin}\n\n{text.strip()}\n\n{end}{after}")


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table; columns after the first are figures."""
    lines = [head, ["---"] + ["--:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
