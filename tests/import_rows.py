"""Small fixtures in the formats that people have, and the scores of a table by query and arm."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from routelab.outcomes import OutcomeTable


def write_jsonl(path: Path, rows: list[Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def write_csv(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def scores(table: OutcomeTable) -> dict[tuple[str, str], float | None]:
    return {(q, a): s for q, a, s in table.calls.select("query_id", "arm", "score").iter_rows()}
