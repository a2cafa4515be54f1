"""LiteLLM's complexity and adaptive routers, asked through ``litellm.Router`` over its own mock transport.

The complexity router's rules learn nothing. The adaptive one is a bandit for each kind of prompt: its cells get the
training scores as feedback, where a proxy would take signals from the conversation.
"""

from __future__ import annotations

import asyncio
import os
import random
from statistics import mean
from typing import Any

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # else importing it asks the network for prices
import litellm
from competitor import Training, read, write
from litellm.router_strategy.adaptive_router.bandit import apply_delta
from litellm.router_strategy.adaptive_router.classifier import classify_prompt

TIERS = ("SIMPLE", "MEDIUM", "COMPLEX", "REASONING")
ABOUT = {"source_url": "https://github.com/BerriAI/litellm", "licence": "MIT"}
litellm.network_mock = True  # its transport answers by itself: no byte leaves this machine
litellm.suppress_debug_info = True


def pool(arms: list[str], cost: dict[str, float]) -> list[dict[str, Any]]:
    """A deployment for each arm, called like it."""
    return [
        {
            "model_name": arm,
            "litellm_params": {"model": f"openai/{arm}", "api_key": "none", "input_cost_per_token": cost[arm]},
            "model_info": {"input_cost_per_token": cost[arm]},
        }
        for arm in arms
    ]


async def ask(router: litellm.Router, name: str, prompts: dict[str, str]) -> dict[str, str]:
    """The model that answered each prompt."""
    return {
        query_id: (await router.acompletion(name, [{"role": "user", "content": prompt}])).model
        for query_id, prompt in prompts.items()
    }


def complexity(arms: list[str], cost: dict[str, float]) -> litellm.Router:
    tiers = {tier: arms[round(place * (len(arms) - 1) / (len(TIERS) - 1))] for place, tier in enumerate(TIERS)}
    params = {
        "model": "auto_router/complexity_router",
        "complexity_router_config": {"tiers": tiers},
        "complexity_router_default_model": arms[-1],
    }
    return litellm.Router(model_list=[*pool(arms, cost), {"model_name": "complexity", "litellm_params": params}])


def adaptive(arms: list[str], cost: dict[str, float], training: Training) -> litellm.Router:
    params = {
        "model": "auto_router/adaptive_router",
        "adaptive_router_default_model": arms[-1],
        "adaptive_router_config": {"available_models": arms},
    }
    router = litellm.Router(model_list=[*pool(arms, cost), {"model_name": "adaptive", "litellm_params": params}])
    cells = router.adaptive_routers["adaptive"][0].strategy._cells
    for prompt, score in zip(training.prompts, training.score):
        kind = classify_prompt(prompt)
        for arm in arms:
            cells[kind, arm] = apply_delta(cells[kind, arm], score[arm], 1 - score[arm])
    return router


async def main() -> None:
    queries, training, out = read()
    random.seed(0)  # the bandit draws from the module's generator
    arms = list(training.score[0])
    cost = {arm: mean(row[arm] for row in training.cost_usd) for arm in arms}
    rungs = training.ladder()
    chosen = await ask(complexity(rungs, cost), "complexity", queries)
    description = f"its complexity router, rules as they come, four tiers over {len(rungs)} arms"
    write(out, "LiteLLM complexity", chosen, package="litellm", description=description, trained=False, **ABOUT)
    chosen = await ask(adaptive(arms, cost, training), "adaptive", queries)
    description = "its adaptive router, a bandit an arm and kind of prompt, fed with training scores up to its cap"
    write(out, "LiteLLM adaptive", chosen, package="litellm", description=description, **ABOUT)


asyncio.run(main())
