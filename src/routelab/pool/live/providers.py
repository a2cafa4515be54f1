"""From the name of an arm to something that answers: which back-end serves which provider.

The part of an arm before the first slash names its provider. Three providers are built in; an endpoints file adds
others and prices their models. Holds no keys: a provider only names the environment variable that has one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from routelab.core import Arm, Complete, InputError, ModelCard, registry
from routelab.core.config import convert, load_yaml
from routelab.core.errors import nearest
from routelab.pool.live.local_models import LOCAL_MODELS
from routelab.pool.live.tools import TOOLS


class Provider(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A registered back-end and the options it is opened with."""

    backend: str
    options: dict[str, Any] = {}


OWN_MODELS = ("llamacpp", "tools")
"""Back-ends that serve the models described here and no others."""


class Endpoints(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Providers by name, and cards (with dated prices) of the models they serve."""

    providers: dict[str, Provider] = {}
    models: tuple[ModelCard, ...] = ()

    def card(self, arm: str) -> ModelCard | None:
        """The card of an arm's model, None where nobody described it."""
        model = Arm.parse(arm).model
        return next((card for card in self.models if card.id == model), None)

    def provider(self, arm: str) -> Provider:
        """Who answers for an arm; raises InputError for an unknown provider or a model that it cannot have."""
        model = Arm.parse(arm).model
        name = model.partition("/")[0]
        if name not in self.providers:
            raise InputError(
                f"arm {arm}", expected="a known provider", got=repr(name), fix=nearest(name, self.providers)
            )
        provider = self.providers[name]
        known = [card.id for card in self.models if card.id.startswith(f"{name}/")]
        if provider.backend in OWN_MODELS and known and model not in known:
            raise InputError(f"arm {arm}", expected="a known model", got=repr(model), fix=nearest(model, known))
        return provider

    def connect(self, arm: str) -> Complete:
        """Open what answers for an arm; raises InputError as ``provider`` does, or for a wrong option."""
        parsed, provider = Arm.parse(arm), self.provider(arm)
        open_backend = registry.load("routelab.backends", provider.backend)
        try:
            complete: Complete = open_backend(parsed, **provider.options)
        except TypeError as error:
            raise InputError(
                f"provider {parsed.model.partition('/')[0]}",
                expected=f"options of the back-end {provider.backend}",
                got=str(error),
                fix="correct its options in the endpoints file",
            ) from None
        return complete


BUILT_IN = Endpoints(
    providers={
        "local": Provider("llamacpp"),
        "openai": Provider("openai", {"base_url": "https://api.openai.com/v1", "key_env": "OPENAI_API_KEY"}),
        "tool": Provider("tools"),
    },
    models=(*(model.card for model in LOCAL_MODELS.values()), *(tool.card for tool in TOOLS.values())),
)


def endpoints(file: Path | None = None) -> Endpoints:
    """The built-in providers and models, extended (and overridden) by those of an endpoints file."""
    if file is None:
        return BUILT_IN
    read = convert(load_yaml(file), Endpoints, str(file))
    return Endpoints(BUILT_IN.providers | read.providers, (*read.models, *BUILT_IN.models))
