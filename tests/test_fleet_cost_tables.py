"""Operator tables become step costs: exact where measured, linear between, refused where they are no tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from routelab.core import InputError
from routelab.pool.fleet.catalogue import find_hardware, find_model
from routelab.pool.fleet.cost import (
    Batch,
    Plan,
    StepCost,
    layerwise_cost,
    load_calibration,
    operators_cost,
    step_cost,
)
from shared import needs_shared, shared_data

MODEL = find_model("tinyllama-1.1b-chat-v1.0")  # 22 layers


def profile(folder: Path) -> Path:
    """A small profile: 10 µs a token in a projection, 2 in a norm, 5 for the embedding; attention in proportion."""
    dense = [
        f"{name},{n},{each * n}"
        for name, each in (("qkv_proj", 10), ("layernorm", 2), ("embedding", 5))
        for n in (1, 64)
    ]
    heads = [f"{name},{n},{each * n}" for name, each in (("lm_head", 30), ("sampler", 20)) for n in (1, 16)]
    cells = [
        f"{chunk},{before},{n},{kv},{chunk * (1 + before / 100) + n * kv / 100}"
        for chunk in (0, 16, 64)
        for before in ((0, 100) if chunk else (0,))
        for n in (0, 1, 16)
        for kv in ((100, 200) if n else (0,))
        if chunk + n
    ]
    for name, head, lines in (
        ("dense.csv", "layer,tokens,time_us", dense),
        ("per_sequence.csv", "layer,sequences,time_us", heads),
        ("attention.csv", "prefill_chunk,kv_prefill,n_decode,kv_decode,time_us", cells),
    ):
        (folder / name).write_text("\n".join([head, *lines]), "utf-8")
    return folder


def seconds(cost: StepCost, batch: Batch) -> float:
    return float(cost.seconds(batch)[0])


def test_layers_are_counted_norms_twice_and_the_embedding_once(tmp_path: Path) -> None:
    cost = layerwise_cost(profile(tmp_path), MODEL, max_tokens=64, max_rows=16)
    attention = 22 * 8 * 150 / 100
    expected = 8 * (22 * (10 + 2 * 2) + 5) + 8 * 50 + attention
    assert seconds(cost, Batch(8, 8, 0, 0, 8, 8 * 150)) == pytest.approx(expected / 1e6)


def test_a_chunk_after_some_keys_lies_on_the_plane_between_measurements(tmp_path: Path) -> None:
    cost = layerwise_cost(profile(tmp_path), MODEL, max_tokens=64, max_rows=16)
    pairs = 32 * 50 + 32 * 33 / 2
    expected = 32 * (22 * 14 + 5) + 50 + 22 * 32 * 1.5
    assert seconds(cost, Batch(32, 1, pairs, 82, 0, 0)) == pytest.approx(expected / 1e6)


def test_communication_is_added_where_one_device_of_several_was_profiled(tmp_path: Path) -> None:
    folder, batch = profile(tmp_path), Batch(8, 8, 0, 0, 8, 800)
    alone = layerwise_cost(folder, MODEL, max_tokens=64, max_rows=16)
    shared = layerwise_cost(folder, MODEL, find_hardware("l40s"), Plan(tp=2), max_tokens=64, max_rows=16)
    sent = 22 * 2 * 1.0 * 8 * MODEL.hidden * 2 / 32e9
    assert seconds(shared, batch) - seconds(alone, batch) == pytest.approx(sent)


@pytest.mark.parametrize(
    ("name", "text", "where"),
    [
        ("dense.csv", "layer,tokens\nq,1", "a column time_us"),
        ("dense.csv", "layer,tokens,time_us\nq,1,-3.0", "times of 0 or more"),
        ("attention.csv", "prefill_chunk,kv_prefill,n_decode,kv_decode,time_us\n1,1,1,1,5.0", "two sizes"),
        ("per_sequence.csv", None, "a table"),
    ],
)
def test_what_is_no_table_is_refused(name: str, text: str | None, where: str, tmp_path: Path) -> None:
    folder = profile(tmp_path)
    (folder / name).unlink() if text is None else (folder / name).write_text(text, "utf-8")
    with pytest.raises(InputError, match=where):
        layerwise_cost(folder, MODEL, max_tokens=64, max_rows=16)


@needs_shared
@pytest.mark.parametrize(
    ("place", "model", "gpu"),
    [
        ("RTX4090/Llama-3.1-8B", "llama-3.1-8b", "rtx4090"),
        ("RTXPRO6000/Llama-3.1-8B", "llama-3.1-8b", "rtxpro6000"),
        ("RTXPRO6000/Qwen3-32B", "qwen3-32b", "rtxpro6000"),
    ],
)
def test_real_profiles_lie_above_the_roof_and_not_far(place: str, model: str, gpu: str) -> None:
    folder = shared_data("perf", "operators", "vllm_layerwise", place, "bf16", "tp1")
    shape, device = find_model(model), find_hardware(gpu)
    measured = seconds(layerwise_cost(folder, shape), Batch(1, 1, 0, 0, 1, 512))
    weights = 2 * (shape.params - shape.vocab * shape.hidden)  # the embedding is looked up, not read
    assert 1.0 < measured / (weights / (device.bandwidth_gb_s * 1e9)) < 1.35


OPERATORS = [
    ("h100_sxm", "h100", "llama-3.1-8b", Plan()),
    ("h100_sxm", "h100", "llama-3.1-70b", Plan(tp=4, dtype="fp8")),
    ("h100_sxm", "h100", "qwen3-32b", Plan(tp=2)),
    ("a100_sxm", "a100", "llama-3.1-8b", Plan()),
    ("l40s", "l40s", "llama-3.1-8b", Plan()),
]
BATCHES = [
    Batch(16, 16, 0, 0, 16, 16 * 1500),
    Batch(2048, 1, 2048 * 2049 / 2, 2048, 0, 0),
    Batch(2048, 1, 2048 * 30_000 + 2048 * 2049 / 2, 32_048, 0, 0),
]


@needs_shared
@pytest.mark.parametrize(("place", "gpu", "model", "plan"), OPERATORS)
def test_tables_of_operators_tell_the_same_step_as_factors_that_never_saw_them(
    place: str, gpu: str, model: str, plan: Plan
) -> None:
    shape, device = find_model(model), find_hardware(gpu)
    known = load_calibration().engine("vllm", plan.dtype)  # tables know no scheduling and no sampling, so both take it
    folder = shared_data("perf", "operators", "measured", place)
    measured = operators_cost(folder, shape, device, plan, factors=known)
    fitted = step_cost(shape, device, plan, known)
    for batch in BATCHES:
        assert seconds(fitted, batch) == pytest.approx(seconds(measured, batch), rel=0.3)


@needs_shared
def test_a_shape_that_was_not_measured_is_refused() -> None:
    folder = shared_data("perf", "operators", "measured", "h100_sxm")
    with pytest.raises(InputError, match="plain grouped-query attention"):
        operators_cost(folder, find_model("deepseek-v3"), find_hardware("h100"), Plan(tp=8, dtype="fp8"))
    with pytest.raises(InputError, match="num_heads = 9"):
        operators_cost(folder, find_model("smollm2-135m"), find_hardware("h100"), Plan())
