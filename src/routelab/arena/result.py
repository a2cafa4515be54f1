"""``Result``: what a run found, as the documented JSON contract and as data frames."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from routelab.arena.transfer import Ranking
from routelab.core.errors import InputError
from routelab.core.files import read_text, write_text

SCHEMA_VERSION = 1
TIMED_FIELDS = ("decision_latency_ms", "fit_s")


@dataclass(frozen=True)
class Result:
    """``data`` is JSON-able and complete; everything shown anywhere is rendered from it.

    ``ranking`` holds the joint draws of the ranking metric; a result read from a file has none.
    """

    data: dict[str, Any]
    ranking: Ranking | None = field(default=None, compare=False, repr=False)

    def to_json(self) -> bytes:
        """Indented JSON with stable key order: equal results give equal bytes."""
        return msgspec.json.format(msgspec.json.encode(self.data), indent=2) + b"\n"

    def save(self, path: Path | str) -> None:
        """Write the JSON atomically."""
        write_text(Path(path), self.to_json().decode())

    @classmethod
    def load(cls, path: Path | str) -> Result:
        """Read a saved result; one clear error where it is not one."""
        place = Path(path)
        try:
            data = msgspec.json.decode(read_text(place, what="a result file"))
        except msgspec.DecodeError as error:
            raise InputError(str(place), expected="JSON", got=str(error), fix="run routelab evaluate again") from None
        if not isinstance(data, dict) or not isinstance(data.get("routers"), list):
            raise InputError(
                str(place), expected="a result of routelab evaluate", got="other JSON", fix="check the path"
            )
        if data.get("schema_version") != SCHEMA_VERSION:
            raise InputError(
                str(place),
                expected=f"schema_version {SCHEMA_VERSION}",
                got=str(data.get("schema_version")),
                fix="run routelab evaluate again",
            )
        return cls(data)

    def router(self, name: str) -> dict[str, Any]:
        """One router's row."""
        for row in self.data["routers"]:
            if row["name"] == name:
                return dict(row)
        raise InputError("result", expected="a router that was judged", got=repr(name), fix="see result.to_frame()")

    def to_frame(self) -> pl.DataFrame:
        """One row a router; every metric as value, low and high columns."""
        flat = []
        for row in self.data["routers"]:
            record: dict[str, Any] = {"name": row["name"], "baseline": row["baseline"], "fit": row["fit"]}
            for key, value in row.items():
                if isinstance(value, dict) and {"value", "low", "high"} <= value.keys():
                    record[key] = value["value"]
                    record[f"{key}_low"], record[f"{key}_high"] = value["low"], value["high"]
                elif key == "rank" and value:
                    record["rank_low"], record["rank_high"] = value["low"], value["high"]
                elif isinstance(value, float) or value is None:
                    record[key] = value
            flat.append(record)
        return pl.DataFrame(flat, infer_schema_length=None)
