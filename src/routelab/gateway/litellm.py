"""An artifact as a routing strategy of LiteLLM's ``Router``, which stays in charge of keys, retries and cool-downs.

    strategy = ArtifactStrategy(load_artifact(folder), litellm_router)
    litellm_router.set_custom_routing_strategy(strategy)

Requests for the model named like the artifact's router go to the model group of the arm that it chooses; a group is
named like its arm unless ``groups`` says otherwise. All other requests, and the choice within a group, are LiteLLM's
own. Imports nothing of LiteLLM: the class has the two methods of its ``CustomRoutingStrategyBase``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from routelab.core import Decisions, InputError
from routelab.encode import QueryBatch
from routelab.gateway.messages import query_of
from routelab.router import Router


class ArtifactStrategy:
    """Decides with ``Router.route``. ``last`` is the latest decision, for logs and tests.

    Raises InputError where an arm has no model group.
    """

    def __init__(
        self,
        router: Router,
        litellm_router: Any,
        *,
        groups: Mapping[str, str] | None = None,
        dial: float | None = None,
    ) -> None:
        self.router, self.dial = router, dial
        self.groups = {arm: (groups or {}).get(arm, arm) for arm in router.arms_}
        known = {entry["model_name"] for entry in litellm_router.model_list}
        for arm, group in self.groups.items():
            if group not in known:
                raise InputError(
                    f"arm {arm}",
                    expected="a model group of LiteLLM's router",
                    got=f"none named {group!r}",
                    fix="add a deployment with this model_name to its model_list, or name its group in groups",
                )
        self.last: Decisions | None = None
        self._pick = litellm_router.get_available_deployment
        self._pick_async = litellm_router.async_get_available_deployment

    def group(self, model: str, messages: Any, input: Any = None) -> str:
        """The model group that a request goes to: the chosen arm's, or the one that it names itself."""
        if model != self.router.name:
            return model
        asked = messages if messages is not None else [{"role": "user", "content": input}]
        decided = self.router.route(QueryBatch.of([query_of("request", asked).text]), dial=self.dial)
        self.last = decided
        return self.groups[decided.chosen_arms()[0]]

    def get_available_deployment(
        self,
        model: str,
        messages: list[dict[str, str]] | None = None,
        input: str | list[Any] | None = None,
        specific_deployment: bool | None = False,
        request_kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """The deployment of LiteLLM's own choice within the group."""
        return self._pick(
            model=self.group(model, messages, input),
            messages=messages,
            input=input,
            specific_deployment=specific_deployment,
            request_kwargs=request_kwargs,
        )

    async def async_get_available_deployment(
        self,
        model: str,
        messages: list[dict[str, str]] | None = None,
        input: str | list[Any] | None = None,
        specific_deployment: bool | None = False,
        request_kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """The same for asynchronous calls."""
        return await self._pick_async(
            model=self.group(model, messages, input),
            messages=messages,
            input=input,
            specific_deployment=specific_deployment,
            request_kwargs=request_kwargs if request_kwargs is not None else {},
        )
