"""The files of the site, and the folder they are written to: nothing else is touched, and nothing is half written.

Works from ``file://`` and from any static host. Knows how the files go together, not what they say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from routelab.arena.leaderboard.site.document import document, packed
from routelab.arena.leaderboard.site.page import GENERATOR, render
from routelab.arena.leaderboard.site.tabular import csv_bytes, frame, parquet_bytes
from routelab.core.errors import InputError
from routelab.core.files import WRITABLE, atomic_path, usable

PAGE, JSON, CSV, PARQUET = "index.html", "board.json.gz", "board.csv", "board.parquet"


def site_files(
    board: Mapping[str, Any], history: Sequence[Mapping[str, Any]], *, refresh_s: float | None = None
) -> dict[str, bytes]:
    """Each file's name and bytes, the page first; equal boards give equal bytes."""
    small = document(board, history)
    data, table = packed(small), frame(small)
    return {
        PAGE: render(board, data, refresh_s=refresh_s).encode(),
        JSON: data,
        CSV: csv_bytes(table),
        PARQUET: parquet_bytes(table),
    }


def write_site(board: Mapping[str, Any], history: Sequence[Mapping[str, Any]], out: Path) -> None:
    """Write the site into the folder ``out``, over an older one if it is there.

    All files are written beside their places before the first takes its place, the page last: whoever looks on sees
    a whole page at any time, and a failure leaves what was there. Raises InputError where ``out`` cannot be written
    or holds a page that is no leaderboard.
    """
    page = out / PAGE
    with usable(page, "a folder for the site"):
        foreign = page.exists() and f'content="{GENERATOR}"' not in page.read_text(encoding="utf-8", errors="replace")
    if foreign:
        raise InputError(str(page), expected="an older site or nothing", got="another page", fix="choose a new folder")
    with usable(out, *WRITABLE), ExitStack() as stack:
        for name, content in site_files(board, history).items():
            stack.enter_context(atomic_path(out / name)).write_bytes(content)
