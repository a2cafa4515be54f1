"""In-process llama.cpp as a ``Complete``: one GGUF file, one slot, a fixed number of threads.

Needs the extra ``local`` (package ``xllamacpp``), imported only when a model is loaded. The prompt cache is
off, so a call costs the same whatever came before it. ``cpu_s`` is process CPU time: run calls one after another,
with nothing else busy in the process, when it is billed. Where files come from is ``local_models``' business.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from routelab.core import Arm, InputError, Sampling, Turn
from routelab.core.errors import need_extra, shorten
from routelab.pool.live.cpu_rate import LocalCompletion
from routelab.pool.live.local_models import model_file


class LlamaCpp:
    """A loaded GGUF model. Calls are serialised by a lock, so it is safe to share between threads."""

    def __init__(self, path: Path, *, threads: int = 1, context_tokens: int = 1024) -> None:
        try:
            import xllamacpp
        except ImportError:
            raise need_extra("xllamacpp", "local", f"running {path.name}") from None
        if not path.is_file():
            raise InputError(str(path), expected="a GGUF file", got="no file", fix="check the path")
        parameters = xllamacpp.CommonParams()
        parameters.model.path = str(path)
        parameters.cpuparams.n_threads = threads
        parameters.cpuparams_batch.n_threads = threads
        parameters.n_parallel = 1
        parameters.n_ctx = context_tokens
        parameters.n_gpu_layers = 0
        parameters.cache_prompt = False
        parameters.cache_ram_mib = 0
        parameters.verbosity = -1
        self._name = path.name
        self._lock = threading.Lock()
        self._server = xllamacpp.Server(parameters)

    def __call__(self, turns: Sequence[Turn], sampling: Sampling) -> LocalCompletion:
        request = {
            "messages": [{"role": turn.role, "content": turn.content} for turn in turns],
            "max_tokens": sampling.max_tokens,
            "temperature": sampling.temperature,
            "seed": sampling.seed,
            "stop": list(sampling.stop),
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        answer = _Answer()
        with self._lock:
            answer.started = time.perf_counter()
            cpu = time.process_time()
            self._server.handle_chat_completions(json.dumps(request), answer.receive)
            latency_s, cpu_s = time.perf_counter() - answer.started, time.process_time() - cpu
        if answer.problem is not None:
            raise RuntimeError(f"llama.cpp {self._name}: {shorten(answer.problem)}")
        details = answer.usage.get("prompt_tokens_details") or {}
        return LocalCompletion(
            text="".join(answer.parts),
            model=self._name,
            finish_reason=answer.finish_reason,
            input_tokens=answer.usage.get("prompt_tokens"),
            cached_tokens=details.get("cached_tokens"),
            output_tokens=answer.usage.get("completion_tokens"),
            ttft_s=answer.ttft_s,
            latency_s=latency_s,
            cpu_s=cpu_s,
        )


class _Answer:
    """Gathers the chunks of one streamed answer."""

    def __init__(self) -> None:
        self.started = 0.0
        self.parts: list[str] = []
        self.usage: dict[str, Any] = {}
        self.finish_reason: str | None = None
        self.ttft_s: float | None = None
        self.problem: str | None = None

    def receive(self, chunk: str | bytes) -> None:
        message = json.loads(chunk)
        if "choices" not in message:
            self.problem = str(message.get("message") or message)
            return
        self.usage = message.get("usage") or self.usage
        for choice in message["choices"]:
            text = choice["delta"].get("content")
            if text:
                self.ttft_s = self.ttft_s or time.perf_counter() - self.started
                self.parts.append(text)
            self.finish_reason = choice.get("finish_reason") or self.finish_reason


def connect(arm: Arm, *, threads: int = 1) -> LlamaCpp:
    """The back-end ``llamacpp``: a local model by its id; arms that differ only in policy share it."""
    return _loaded(model_file(arm.model), threads)


@cache
def _loaded(path: Path, threads: int) -> LlamaCpp:
    return LlamaCpp(path, threads=threads)
