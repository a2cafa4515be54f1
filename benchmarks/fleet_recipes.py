"""What a table of measured TTFT and TPOT leaves out of its runs, from the public recipes that made them.

Facts, read before anything was fitted, as keyword arguments of `Point`: the budget of a step, polls, holds,
the type of the cache and how lengths were drawn. Sources, both Apache-2.0: SemiAnalysisAI/InferenceX,
``benchmarks/*.sh`` and ``.github/configs/nvidia-master.yaml`` as they stood on the day of a run; and
ai-dynamo/aiconfigurator@8d0390b, ``generator/backends/trtllm.py``, ``eval/benchmarks/genai_perf_runner.py``. Both run
ten requests a client, all clients at once. A row without a date is taken for the oldest recipe.
Knows no measurements.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DRAWN = 0.8  # InferenceX draws lengths evenly from this share of the nominal ones up to them


def settings(row: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of `Point` that the recipe of a row of the table tells."""
    isl, osl = row["isl"], row["osl"]
    if "auto-gap-analysis" in row["silicon_data_source"]:
        return {"isl": isl, "osl": osl, "spread": 0.0, **_aiconfigurator(row)}
    mean = (1 + DRAWN) / 2
    family = {"trtllm": _tensorrt, "sglang": _sglang, "vllm": _vllm}[row["backend"]]
    return {"isl": mean * isl, "osl": mean * osl, "spread": 1 - DRAWN, **family(row)}


def speculates(row: Mapping[str, Any]) -> bool:
    """Whether the recipe of a row guesses tokens ahead: the ``-mtp`` entries of InferenceX, told by image or loads."""
    where, image = row["silicon_data_source"], "tensorrt-llm/release:"
    if row["model_path"] != "deepseek-ai/DeepSeek-R1" or row["system"] != "b200_sxm":
        return False
    if f"{image}1.2.0rc6.post3" in where or (f"{image}1.1.0rc2.post2" in where and _date(row) == "2026-01-14"):
        return True
    return "sglang:v0.5.9" in where and row["gemm_quant_mode"] == "fp8" and row["tp_size"] == 8


def _date(row: Mapping[str, Any]) -> str:
    return str(row["silicon_data_source"]).partition("measured=")[2][:10]


def _is(row: Mapping[str, Any], name: str) -> bool:
    return name in row["model_path"].lower()


def _narrow(row: Mapping[str, Any]) -> bool:
    return row["gemm_quant_mode"] in ("nvfp4", "fp8", "fp8_block")


def _aiconfigurator(row: Mapping[str, Any]) -> dict[str, Any]:
    if row["backend"] == "trtllm":  # checkpoints in 8 and 4 bits are taken to cache in fp8
        return {"budget": row["batch_size"] + row["isl"] + 1500, "kv": "fp8" if _narrow(row) else "bf16"}
    return {}


def _tensorrt(row: Mapping[str, Any]) -> dict[str, Any]:
    clients, isl, date = row["batch_size"], row["isl"], _date(row)
    short = isl == row["osl"] == 1024
    if _is(row, "llama"):
        return {"kv": "fp8", "budget": 16384, "hold": 20 if short and row["tp_size"] < 8 else 0}
    if _is(row, "gpt-oss"):
        return {"kv": "fp8", "budget": 20000}
    budget = (clients + isl + 127) // 64 * 64
    if date < "2026-01-22":
        return {"kv": "fp8", "budget": budget}
    budget = max(budget, 8192)
    eight = row["gemm_quant_mode"] != "nvfp4"
    held = eight and short and clients >= 64 and date >= "2026-01-29"
    return {"kv": "fp8", "budget": budget, "hold": 40 if held else 0}


def _sglang(row: Mapping[str, Any]) -> dict[str, Any]:
    four, polled = row["gemm_quant_mode"] == "nvfp4", 30 if row["batch_size"] >= 16 else 10
    if _is(row, "glm"):
        return {"kv": "fp8", "budget": 131072 if four else 32768}
    if not _is(row, "deepseek"):
        return {"kv": "fp8" if _narrow(row) else "bf16", "budget": 32768, "poll": polled}
    if four:
        return {"kv": "fp8", "budget": 16384, "poll": polled}
    if row["tp_size"] == 4:
        return {"kv": "fp8", "budget": 8192, "poll": 10}
    return {"kv": "fp8", "budget": 32768, "poll": polled}


def _vllm(row: Mapping[str, Any]) -> dict[str, Any]:
    b200, date = row["system"] == "b200_sxm", _date(row)
    if _is(row, "llama"):
        return {"kv": "fp8"}
    if _is(row, "gpt-oss"):
        return {"kv": "fp8" if b200 and date >= "2025-12-05" else "bf16"}
    since = "2026-04-20" if _is(row, "kimi") else "2026-04-03"
    if b200 and date >= since and "nightly" not in row["silicon_data_source"]:
        return {"kv": "fp8", "budget": 2 * row["isl"]}
    return {}
