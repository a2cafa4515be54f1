"""The public trace formats that `read` knows, as facts: which column means what, in which unit, from where.

No file is opened here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

TIME, INPUT, OUTPUT, HASHES = "time_s", "input_tokens", "output_tokens", "hash_ids"
NAMES = ("model", "region")
NUMBERS = ("priority", "adapter", "query")
SESSION = "session"


@dataclass(frozen=True)
class Format:
    """``columns``: ours to theirs, all needed; ``optional``: read where present.

    ``seconds``: length of the unit of time. ``hash_tokens``: tokens in a content block, 0 where the file must tell.
    ``failed_without_answer``: a row of zero output tokens is a failed request, left out. ``threads``: ``session`` names
    the request, ``parent`` the one it goes on from.
    """

    name: str
    source: str
    columns: Mapping[str, str]
    optional: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 1.0
    hash_tokens: int = 0
    failed_without_answer: bool = False
    threads: tuple[str, str] | None = None

    def fits(self, columns: set[str]) -> bool:
        """Whether a file with these columns can be of this format."""
        needed = {*self.columns.values(), *(self.threads or ())}
        return needed <= columns


OURS: dict[str, str] = {name: name for name in (*NAMES, *NUMBERS, SESSION, HASHES)}
LENGTHS = {INPUT: "input_length", OUTPUT: "output_length"}

# The first that fits is taken; those that ask for more come first.
FORMATS = (
    Format(
        "azure",
        "github.com/Azure/AzurePublicDataset, LLM inference 2023 and 2024 (arXiv 2311.18677, 2408.00741)",
        {TIME: "TIMESTAMP", INPUT: "ContextTokens", OUTPUT: "GeneratedTokens"},
    ),
    Format(
        "burstgpt",
        "github.com/HPMLL/BurstGPT, releases 1 and 2 (arXiv 2401.17644)",
        {TIME: "Timestamp", "model": "Model", INPUT: "Request tokens", OUTPUT: "Response tokens"},
        {SESSION: "Session ID"},
        failed_without_answer=True,
    ),
    Format(
        "bailian",
        "github.com/alibaba-edu/qwen-bailian-usagetraces-anon (arXiv 2506.02634)",
        {TIME: "timestamp", **LENGTHS},
        {HASHES: "hash_ids"},
        hash_tokens=16,
        threads=("chat_id", "parent_chat_id"),
    ),
    Format(
        "mooncake",
        "github.com/kvcache-ai/Mooncake, FAST25-release (arXiv 2407.00079)",
        {TIME: "timestamp", **LENGTHS, HASHES: "hash_ids"},
        seconds=0.001,
        hash_tokens=512,
    ),
    Format("seconds", "this project", {TIME: "time_s", INPUT: INPUT, OUTPUT: OUTPUT}, OURS),
    Format("table", "this project", {TIME: "timestamp_s", INPUT: INPUT, OUTPUT: OUTPUT}, OURS),
)
BY_NAME = {each.name: each for each in FORMATS}
Name = Literal["auto", "azure", "burstgpt", "bailian", "mooncake", "seconds", "table"]
