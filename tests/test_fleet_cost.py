"""The fleet's cost model: public facts, the roofline under them, and what a plan can and cannot be."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routelab.core import InputError
from routelab.pool.fleet.catalogue import BYTES, find_hardware, find_model, hardware, models
from routelab.pool.fleet.cost import (
    Batch,
    Factors,
    Load,
    Plan,
    StepCost,
    check_placement,
    kv_bytes,
    kv_capacity_tokens,
    step_cost,
    step_seconds,
    weight_bytes,
)
from routelab.pool.fleet.cost.roofline import attention_operators, token_operators, touched

ONE, NONE = np.array(1.0), np.array(0.0)
LLAMA, A100 = find_model("llama-2-7b-hf"), find_hardware("a100")


def load(chunk: float = 0, before: float = 0, decodes: float = 0, kv: float = 0) -> Load:
    return Load(*(np.array(float(value)) for value in (chunk, before, decodes, kv)))


@pytest.mark.parametrize("name", list(models()))
def test_the_shape_of_a_model_adds_up_to_its_published_parameters(name: str) -> None:
    model = models()[name]
    assert model.params / 1e9 == pytest.approx(model.params_b, rel=0.02)


def test_enough_models_and_devices_are_known() -> None:
    assert len(models()) >= 25
    assert {"A10G", "L4", "L40S", "H100-SXM", "H200-SXM", "B200", "GB200", "MI300X", "RTX-4090"} <= set(hardware())


def test_names_are_found_in_any_case_and_without_their_owner() -> None:
    assert find_model("OPENAI/GPT-OSS-120B") is find_model("gpt-oss-120b")
    assert find_hardware("h100") is find_hardware("H100_SXM")
    with pytest.raises(InputError, match="qwen3-32b"):
        find_model("qwen3-32")
    with pytest.raises(InputError, match="gpu: expected a device"):
        find_hardware("H1000")


def test_a_device_computes_faster_in_narrower_types_and_never_with_the_sparse_figure() -> None:
    for device in hardware().values():
        assert device.flops.keys() <= BYTES.keys() and "bf16" in device.flops
        assert device.idle_w < device.tdp_w
        if "fp8" in device.flops:
            assert device.flops["fp8"] == pytest.approx(2 * device.flops["bf16"], rel=0.02)


# LLM-Viewer (hahnyuan/LLM-Viewer@472f71f1, arXiv 2402.16363) for Llama-2-7B at 16 bits, batch 1, sequence 2048:
# operations and bytes of each operator of one layer, with eager attention. Its activation is left out: it is counted on
# the hidden width there, on the intermediate one here.
PREFILL = {
    **dict.fromkeys(("q", "k", "v", "o"), (6.87195e10, 6.71089e7)),
    **dict.fromkeys(("mlp_gate", "mlp_up", "mlp_down"), (1.84684e11, 1.52044e8)),
    "norm": (5.87203e7, 3.35544e7),
    "add": (8.38861e6, 3.35544e7),
    "chunk": (2 * 3.43597e10 + 6.71089e8, 2 * 3.0199e8 + 5.36871e8),
}
DECODE = {
    **dict.fromkeys(("q", "k", "v", "o"), (3.35544e7, 3.35708e7)),
    **dict.fromkeys(("mlp_gate", "mlp_up", "mlp_down"), (9.01775e7, 9.02077e7)),
    "norm": (28672, 16384),
    "add": (4096, 16384),
    "decode": (2 * 1.67772e7 + 327680, 2 * 1.69165e7 + 262144),
}


@pytest.mark.parametrize(
    ("tokens", "batch", "published"), [(2048, load(2048), PREFILL), (1, load(decodes=1, kv=2048), DECODE)]
)
def test_operators_of_a_layer_agree_with_llm_viewer_to_one_percent(
    tokens: int, batch: Load, published: dict[str, tuple[float, float]]
) -> None:
    plan = Plan()
    found = token_operators(LLAMA, A100, plan, np.array(float(tokens)))
    found += attention_operators(LLAMA, A100, plan, *batch, eager=True)
    ours = {each.name: (float(each.flops), float(each.bytes)) for each in found if each.name in published}
    assert ours.keys() == published.keys()
    for name, figures in published.items():
        assert ours[name] == pytest.approx(figures, rel=0.01), name


def test_attention_that_writes_no_scores_does_half_the_work_of_a_prompt() -> None:
    flash, eager = (attention_operators(LLAMA, A100, Plan(), *load(2048), eager=eager)[0] for eager in (False, True))
    assert float(flash.flops) == pytest.approx(float(eager.flops) / 2, rel=0.001)
    assert float(flash.bytes) < float(eager.bytes) / 10


def test_a_token_costs_two_operations_a_weight() -> None:
    for name in ("llama-3.1-70b", "qwen3-32b", "phi-2"):
        model = find_model(name)
        work = sum(each.layers * float(each.flops) for each in token_operators(model, A100, Plan(), ONE))
        inner = model.params - model.vocab * model.hidden * (1 if model.tied else 2)
        assert work == pytest.approx(2 * inner, rel=0.01)


@given(tokens=st.integers(1, 5000))
def test_no_more_experts_are_touched_than_there_are_or_than_tokens_ask_for(tokens: int) -> None:
    model = find_model("deepseek-v3")
    found = float(touched(model, np.array(float(tokens))))
    assert 8 - 1e-9 <= found <= min(256, 8 * tokens) + 1e-9


def test_latent_and_window_attention_keep_less_than_full_attention() -> None:
    plan = Plan()
    assert kv_bytes(find_model("deepseek-v3"), plan) == 61 * (512 + 64) * 2
    assert kv_bytes(find_model("llama-3.1-8b"), plan) == 32 * 2 * 8 * 128 * 2
    oss = find_model("gpt-oss-120b")
    assert kv_bytes(oss, plan, context=100) == 36 * 2 * 8 * 64 * 2
    assert kv_bytes(oss, plan, context=128_000) == pytest.approx(18 * 2 * 8 * 64 * 2, rel=0.01)
    assert kv_bytes(find_model("deepseek-v3"), Plan(tp=8)) == kv_bytes(find_model("deepseek-v3"), plan)


def test_weights_of_four_bits_are_those_of_experts_alone_in_a_mixture() -> None:
    assert weight_bytes(find_model("gpt-oss-120b"), Plan(dtype="fp4")) / 1e9 == pytest.approx(68, rel=0.05)
    assert weight_bytes(find_model("llama-3.1-8b"), Plan()) == pytest.approx(2 * 8.03e9, rel=0.01)


@pytest.mark.parametrize(
    ("model", "gpu", "plan", "field"),
    [
        ("llama-3.1-405b", "h100", Plan(tp=8), "tp"),
        ("llama-3.1-8b", "h100", Plan(tp=3), "tp"),
        ("llama-3.1-8b", "h100", Plan(tp=16), "tp"),
        ("llama-3.1-8b", "h100", Plan(tp=0), "tp"),
        ("llama-3.1-8b", "h100", Plan(pp=64), "pp"),
        ("llama-3.1-8b", "h100", Plan(ep=2), "ep"),
        ("mixtral-8x7b-v0.1", "h100", Plan(tp=4, ep=3), "ep"),
        ("llama-3.1-8b", "a100", Plan(dtype="fp8"), "dtype"),
        ("llama-3.1-8b", "h100", Plan(dtype="fp3"), "dtype"),
    ],
)
def test_an_impossible_plan_is_refused_by_the_name_of_its_field(model: str, gpu: str, plan: Plan, field: str) -> None:
    with pytest.raises(InputError) as refused:
        check_placement(find_model(model), find_hardware(gpu), plan)
    assert refused.value.where == field and refused.value.fix


def test_four_bit_weights_run_where_four_bits_cannot_be_multiplied() -> None:
    assert find_hardware("h100").peak("fp4") == find_hardware("h100").peak("bf16")
    check_placement(find_model("gpt-oss-120b"), find_hardware("h100"), Plan(tp=1, dtype="fp4"))


def test_what_is_left_of_the_memory_holds_keys_and_values() -> None:
    model, device, plan = find_model("llama-3.1-8b"), find_hardware("h100"), Plan()
    room = kv_capacity_tokens(model, device, plan) * kv_bytes(model, plan) + weight_bytes(model, plan) + 3.5e9
    assert room == pytest.approx(0.9 * device.memory_gb * 1e9, rel=1e-4)
    assert kv_capacity_tokens(model, find_hardware("l4"), Plan(dtype="bf16")) < 50_000


KINDS = ["llama-3.1-8b", "gpt-oss-20b", "deepseek-v3.2", "qwen3.5-35b-a3b"]


@pytest.mark.parametrize("name", KINDS)
@settings(deadline=None)
@given(
    chunk=st.integers(0, 2000),
    before=st.integers(0, 8000),
    decodes=st.integers(0, 200),
    kv=st.integers(1, 8000),
)
def test_the_arrays_an_engine_reads_say_what_the_roofline_says(
    name: str, chunk: int, before: int, decodes: int, kv: int
) -> None:
    if chunk + decodes == 0:
        return
    factors = Factors(compute=0.6, bandwidth=0.8, hop_s=1e-5, launch_s=1e-6, step_s=1e-3, sequence_s=1e-5)
    model, device, plan = find_model(name), find_hardware("b200"), Plan(tp=2, dtype="fp8")
    cost = _costs(name, factors)
    rows = decodes + (chunk > 0)
    pairs, context = (chunk * before + chunk * (chunk + 1) / 2, before + chunk) if chunk else (0.0, 0.0)
    ours = cost.seconds(Batch(chunk + decodes, rows, pairs, context, decodes, decodes * kv))[0]
    exact = step_seconds(model, device, plan, load(chunk, before if chunk else 0, decodes, kv), factors)[0]
    assert ours == pytest.approx(float(exact), rel=0.02)


@cache
def _costs(name: str, factors: Factors) -> StepCost:
    model, device = find_model(name), find_hardware("b200")
    return step_cost(model, device, Plan(tp=2, dtype="fp8"), factors, max_tokens=2200, max_rows=256)


@given(
    chunk=st.integers(0, 4000),
    decodes=st.integers(1, 256),
    kv=st.integers(1, 8000),
    tp=st.sampled_from([1, 2, 4, 8]),
)
def test_a_step_never_beats_its_roof_and_factors_only_slow_it(chunk: int, decodes: int, kv: int, tp: int) -> None:
    model, device, plan = find_model("llama-3.1-8b"), find_hardware("h100"), Plan(tp=tp)
    batch = load(chunk, 0, decodes, kv)
    time, compute, memory, links = step_seconds(model, device, plan, batch)
    assert time >= max(compute, memory) + links - 1e-12
    slowed = step_seconds(model, device, plan, batch, Factors(compute=0.5, bandwidth=0.5, link=0.5, step_s=1e-4))
    assert slowed[0] >= time
    alone = step_seconds(model, device, Plan(), batch)
    assert alone[1] == pytest.approx(tp * compute, rel=0.01)


def test_stages_share_memory_and_spend_the_same_work() -> None:
    model, device = find_model("llama-3.1-70b"), find_hardware("h100")
    assert weight_bytes(model, Plan(pp=2)) == pytest.approx(weight_bytes(model, Plan()) / 2, rel=0.04)  # embeddings
    whole = step_seconds(model, device, Plan(), load(4096))
    staged = step_seconds(model, device, Plan(pp=2), load(4096))
    assert staged[1] == pytest.approx(whole[1] / 2, rel=0.01)
