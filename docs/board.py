"""Puts the board and the picture of a finished run into the README: ``python docs/board.py results``."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from routelab.arena import Result
from routelab.arena.report import leaderboard_markdown, write_png
from routelab.core.files import write_text

ROOT = Path(__file__).parent.parent
PLACE = re.compile(r"<!-- board -->\n.*?(?=\nHow to read it)", re.DOTALL)


def main(folder: Path) -> None:
    """Render ``folder/result.json``."""
    result = Result.load(folder / "result.json")
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    write_text(readme, PLACE.sub(lambda _: f"<!-- board -->\n{leaderboard_markdown(result.data)}\n", text))
    write_png(result.data, ROOT / "docs" / "leaderboard.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
