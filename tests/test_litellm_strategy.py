"""An artifact inside LiteLLM's router: the choice is the artifact's, everything else LiteLLM's."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from routelab.arena.freeze import fit_whole
from routelab.core import InputError, Outcome, Query
from routelab.gateway.litellm import ArtifactStrategy
from routelab.router import Router, catalogue
from small_table import small_table

WORDS = {"cloud/small": "Add the numbers {k} and {k}", "cloud/big": "Prove lemma {k} about ideals"}
SUM, PROOF = ([{"role": "user", "content": text.format(k=77)}] for text in WORDS.values())


@pytest.fixture(scope="module")
def router() -> Router:
    """Sums to the small model, proofs to the big one."""
    queries = [Query.ask(f"{arm}{k}", text.format(k=k)) for k in range(40) for arm, text in WORDS.items()]
    outcomes = [
        Outcome(query_id=query.id, arm=arm, score=float(query.id.startswith(arm)), cost_usd=0.001)
        for query in queries
        for arm in WORDS
    ]
    return fit_whole(catalogue.ridge, small_table(queries, outcomes))[0]


class Stub:
    """What the strategy uses of LiteLLM's router."""

    def __init__(self, *groups: str) -> None:
        self.model_list = [{"model_name": group} for group in groups]

    def get_available_deployment(self, model: str, **_: Any) -> str:
        return f"deployment of {model}"

    async def async_get_available_deployment(self, model: str, request_kwargs: dict[str, Any], **_: Any) -> str:
        return f"deployment of {model}"


def test_requests_for_the_router_go_to_the_group_of_the_chosen_arm(router: Router) -> None:
    strategy = ArtifactStrategy(router, Stub("tiny", "cloud/big"), groups={"cloud/small": "tiny"})
    assert strategy.get_available_deployment("ridge", SUM) == "deployment of tiny"
    assert strategy.last is not None and strategy.last.chosen_arms() == ["cloud/small"]
    assert asyncio.run(strategy.async_get_available_deployment("ridge", PROOF)) == "deployment of cloud/big"
    assert strategy.get_available_deployment("ridge", input=SUM[0]["content"]) == "deployment of tiny"
    assert strategy.get_available_deployment("other", PROOF) == "deployment of other"


def test_an_arm_without_a_group_is_refused(router: Router) -> None:
    with pytest.raises(InputError, match="none named 'cloud/small'"):
        ArtifactStrategy(router, Stub("cloud/big"))


@pytest.mark.filterwarnings("ignore")
def test_inside_the_real_router(router: Router) -> None:
    litellm = pytest.importorskip("litellm", reason="LiteLLM is not installed")

    def entry(group: str, says: str) -> dict[str, Any]:
        return {
            "model_name": group,
            "litellm_params": {"model": "openai/none", "api_key": "none", "mock_response": says},
        }

    names = {"cloud/small": "small answers", "cloud/big": "big answers", "other": "other answers"}
    own = litellm.Router(model_list=[entry(group, says) for group, says in names.items()], num_retries=0)
    own.set_custom_routing_strategy(ArtifactStrategy(router, own))

    def said(reply: Any) -> str:
        return str(reply.choices[0].message.content)

    assert said(own.completion(model="ridge", messages=SUM)) == "small answers"
    assert said(asyncio.run(own.acompletion(model="ridge", messages=PROOF))) == "big answers"
    assert said(own.completion(model="other", messages=PROOF)) == "other answers"
