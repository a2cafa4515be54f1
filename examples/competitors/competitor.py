"""What the scripts beside this file share: the two files they read, and the submission they write.

The standard library alone, so that it runs in a competitor's own environment. ``queries.jsonl`` are the judged prompts,
``training.jsonl`` prompts that are not judged, with every arm's score and cost (see README.md).
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import mean

TRAINED_ON = "the prompts of the board's table that are not judged"


@dataclass(frozen=True)
class Training:
    """Prompts with what every arm made of them."""

    prompts: list[str]
    score: list[dict[str, float]]
    cost_usd: list[dict[str, float]]

    def ladder(self) -> list[str]:
        """Arms that no cheaper arm equals on average, cheapest first; where nothing has a price all arms, best last."""
        arms = self.score[0]
        score = {arm: mean(row[arm] for row in self.score) for arm in arms}
        cost = {arm: mean(row[arm] for row in self.cost_usd) for arm in arms}
        return sorted(
            (arm for arm in arms if not any(cost[one] < cost[arm] and score[one] >= score[arm] for one in arms)),
            key=lambda arm: (cost[arm], score[arm]),
        )

    def labelled(self, arms: list[str]) -> list[tuple[str, str]]:
        """(prompt, the cheapest of the best of these arms), where at least one of them scores."""
        return [
            (prompt, max(arms, key=lambda arm: (score[arm], -cost[arm])))
            for prompt, score, cost in zip(self.prompts, self.score, self.cost_usd)
            if max(score[arm] for arm in arms) > 0
        ]


def read() -> tuple[dict[str, str], Training, Path]:
    """The judged prompts by id, the training outcomes, and where to write: the three arguments of every script."""
    if len(sys.argv) != 4:
        sys.exit(f"usage: {Path(sys.argv[0]).name} queries.jsonl training.jsonl OUT")
    queries, training = ([json.loads(line) for line in Path(name).read_bytes().splitlines()] for name in sys.argv[1:3])
    known = Training(*([row[key] for row in training] for key in ("prompt", "score", "cost_usd")))
    return {row["query_id"]: row["prompt"] for row in queries}, known, Path(sys.argv[3])


def write(
    out: Path, name: str, chosen: dict[str, str], *, package: str, description: str, trained: bool = True, **about: str
) -> None:
    """A submission folder in ``out`` with these decisions; ``about`` are its source_url and licence.

    It does not claim to be open source: decisions hold no router that anyone could run.
    """
    manifest = {
        "name": name,
        "owner": "field",
        "decisions": "decisions.jsonl",
        "description": f"{package} {version(package)}: {description}",
        "trained_on": [TRAINED_ON] if trained else [],
        **about,
    }
    folder = out / name.lower().replace(" ", "-")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "submission.yaml").write_text(json.dumps(manifest, indent=1), encoding="utf-8")  # JSON is YAML too
    lines = (json.dumps({"query_id": query_id, "arm": arm}) + "\n" for query_id, arm in chosen.items())
    (folder / "decisions.jsonl").write_text("".join(lines), encoding="utf-8")
    sys.stdout.write(f"{folder}: {len(chosen)} decisions, {len(set(chosen.values()))} arms\n")
