"""A loopback OpenAI-compatible endpoint that answers from a table of recorded answers, and two small worlds.

In the *planted* world a cheap model knows sums but not words, so that a router can save most of the bill; in the
*null* world it is worse by the same measure on everything, so that no router can.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np

BIG, SMALL, JUDGE = "cloud/big", "cloud/small", "cloud/judge"
PRICES = """\
cloud/big: {input_usd_per_mtok: 10, output_usd_per_mtok: 30, date: 2026-01-01, source: test}
cloud/small: {input_usd_per_mtok: 1, output_usd_per_mtok: 3, date: 2026-01-01, source: test}
cloud/judge: {input_usd_per_mtok: 1, output_usd_per_mtok: 3, date: 2026-01-01, source: test}
"""
RIGHT = {
    "planted": {("sum", BIG): 0.95, ("word", BIG): 0.95, ("sum", SMALL): 0.97, ("word", SMALL): 0.05},
    "null": {("sum", BIG): 0.92, ("word", BIG): 0.92, ("sum", SMALL): 0.62, ("word", SMALL): 0.62},
}
ANIMALS = ("heron", "badger", "lynx", "otter", "falcon", "marten", "salmon", "beetle", "raven", "hare")


class World:
    """Questions, and what each model answers to them."""

    def __init__(self, kind: str, n: int = 300, seed: int = 7) -> None:
        rng = np.random.default_rng(seed)
        self.rows: list[dict[str, str]] = []
        self.answers: dict[tuple[str, str], str] = {}
        for k in range(n):
            if rng.random() < 0.6:
                family, total = "sum", 1000 + k
                prompt, right, wrong = f"Add these two numbers: {total - 37} plus 37 gives?", str(total), "12"
            else:
                family, animal = "word", ANIMALS[k % len(ANIMALS)]
                prompt = f"Which creature, of the kind {animal} number {k}, does the old tale praise in verse?"
                right, wrong = f"{animal}-{k}", "nobody"
            metric = "number" if family == "sum" else "word"
            self.rows.append({"id": f"q{k}", "prompt": prompt, "metric": metric, "reference": right})
            for arm in (BIG, SMALL):
                self.answers[arm, prompt] = right if rng.random() < RIGHT[kind][family, arm] else wrong

    def logs(self, folder: Path, *, references: bool = True) -> Path:
        """Request logs: everything went to the big model, and some questions came twice."""
        hidden = {} if references else {"metric": None, "reference": None}
        rows = [row | {"arm": BIG, "score": None} | hidden for row in self.rows]
        again = [row | {"id": f"{row['id']}-again", "prompt": f" {row['prompt'].upper()} "} for row in rows[:10]]
        path = folder / "logs.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in [*rows, *again]))
        return path


class Recorded(ThreadingHTTPServer):
    """Counts the calls of every model; ``reply(model, messages)`` gives the text."""

    daemon_threads = True

    def __init__(self, reply: Callable[[str, list[dict[str, str]]], str]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.reply = reply
        self.calls: Counter[str] = Counter()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        server: Any = self.server
        server.calls[asked["model"]] += 1
        text = server.reply(asked["model"], asked["messages"])
        usage = {"prompt_tokens": len(asked["messages"][-1]["content"]) // 4, "completion_tokens": 1 + len(text) // 4}
        events = [
            {"model": asked["model"], "choices": [{"delta": {"content": text}, "finish_reason": "stop"}]},
            {"choices": [], "usage": usage},
        ]
        body = "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("content-length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: Any) -> None:
        """Silence."""


@contextmanager
def serving(world: World, judge: Callable[[str, str], str] | None = None) -> Iterator[Recorded]:
    """Serve a world; ``judge(right, answer)`` is what the judge model replies."""
    right = {row["prompt"]: row["reference"] for row in world.rows}

    def reply(model: str, messages: list[dict[str, str]]) -> str:
        text = messages[-1]["content"]
        if judge is not None and model == JUDGE.partition("/")[2]:
            prompt = next(prompt for prompt in right if prompt in text)
            answer = text.split("<answer-")[1].split("\n")[1]
            return judge(right[prompt], answer)
        return world.answers[f"cloud/{model}", text]

    server = Recorded(reply)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
