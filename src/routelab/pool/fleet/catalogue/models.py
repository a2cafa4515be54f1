"""Shapes of language models, as facts (`models.yaml`), and what a shape alone tells: parameters, bytes of a token.

Knows no hardware and no time. Data types are the plan's business; here everything is counted in elements.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from routelab.core.config import convert, load_yaml
from routelab.core.errors import InputError, nearest, shorten

FILE = Path(__file__).with_name("models.yaml")


class Latent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Multi-head latent attention: ranks of the compressed queries and keys, and the parts of a head's width."""

    q_rank: int
    kv_rank: int
    rope: int
    nope: int
    value: int


class Experts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A mixture of experts: how many there are, how many a token visits, and their widths."""

    total: int
    active: int
    intermediate: int
    shared_intermediate: int = 0
    dense_layers: int = 0


class Window(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Layers that attend to the last ``tokens`` only."""

    tokens: int
    layers: int


class Linear(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Layers with linear attention: a state of fixed size instead of keys and values."""

    layers: int
    key_heads: int
    value_heads: int
    key_dim: int
    value_dim: int


class Indexer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sparse attention: a scorer of ``heads`` reads every key, attention reads the best ``keys`` of them."""

    heads: int
    dim: int
    keys: int


class Matrix(NamedTuple):
    """A projection from ``inputs`` to ``outputs`` elements of a token, and the side along which devices share it out.

    One that is not split lies on every device.
    """

    name: str
    inputs: int
    outputs: int
    split: Literal["inputs", "outputs"] | None = "outputs"

    @property
    def weights(self) -> int:
        return self.inputs * self.outputs


def weights(matrices: tuple[Matrix, ...]) -> int:
    """Elements of the matrices together."""
    return sum(each.weights for each in matrices)


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The shape of a decoder. ``params_b`` is what its publishers state, in billions, not what we count."""

    name: str = ""
    layers: int
    hidden: int
    heads: int
    vocab: int
    context_tokens: int
    params_b: float
    source: str
    kv_heads: int = 0
    head_dim: int = 0
    intermediate: int = 0
    tied: bool = False
    gated_mlp: bool = True
    gated_attention: bool = False
    mla: Latent | None = None
    experts: Experts | None = None
    window: Window | None = None
    linear: Linear | None = None
    indexer: Indexer | None = None
    aliases: tuple[str, ...] = ()
    unverified: tuple[str, ...] = ()

    @property
    def attention_layers(self) -> int:
        """Layers that keep keys and values."""
        return self.layers - (self.linear.layers if self.linear else 0)

    @property
    def window_layers(self) -> int:
        return self.window.layers if self.window else 0

    @property
    def moe_layers(self) -> int:
        return self.layers - self.experts.dense_layers if self.experts else 0

    @property
    def attention_matrices(self) -> tuple[Matrix, ...]:
        """Projections of a layer that keeps keys and values."""
        hidden = self.hidden
        if self.mla is None:
            queries, keys = self.heads * self.head_dim, self.kv_heads * self.head_dim
            gate = (Matrix("gate", hidden, queries),) if self.gated_attention else ()
            q, k, v = Matrix("q", hidden, queries), Matrix("k", hidden, keys), Matrix("v", hidden, keys)
            return (q, k, v, *gate, Matrix("o", queries, hidden, "inputs"))
        mla, head = self.mla, self.mla.nope + self.mla.rope
        matrices = [
            Matrix("q_down", hidden, mla.q_rank, split=None),
            Matrix("q_up", mla.q_rank, self.heads * head),
            Matrix("kv_down", hidden, mla.kv_rank + mla.rope, split=None),
            Matrix("kv_up", mla.kv_rank, self.heads * (mla.nope + mla.value)),
            Matrix("o", self.heads * mla.value, hidden, "inputs"),
        ]
        if self.indexer:
            width = self.indexer.heads * self.indexer.dim
            matrices.append(Matrix("index_q", mla.q_rank, width, split=None))
            matrices.append(Matrix("index_k", hidden, self.indexer.dim + self.indexer.heads, split=None))
        return tuple(matrices)

    @property
    def linear_matrices(self) -> tuple[Matrix, ...]:
        """Projections of a layer with linear attention."""
        if self.linear is None:
            return ()
        keys, values = self.linear.key_heads * self.linear.key_dim, self.linear.value_heads * self.linear.value_dim
        inputs = Matrix("linear_in", self.hidden, 2 * keys + 2 * values + 2 * self.linear.value_heads)
        return (inputs, Matrix("linear_out", values, self.hidden, "inputs"))

    def mlp_matrices(self, width: int) -> tuple[Matrix, ...]:
        """Projections of a feed-forward block of that width."""
        gate = (Matrix("gate", self.hidden, width),) if self.gated_mlp else ()
        return (*gate, Matrix("up", self.hidden, width), Matrix("down", width, self.hidden, "inputs"))

    @property
    def expert_params(self) -> int:
        """Weights of one routed expert."""
        return weights(self.mlp_matrices(self.experts.intermediate)) if self.experts else 0

    @property
    def shared_matrices(self) -> tuple[Matrix, ...]:
        """What every token visits in a layer of experts: the router and the shared expert."""
        if self.experts is None:
            return ()
        router = Matrix("router", self.hidden, self.experts.total, split=None)
        shared = self.experts.shared_intermediate
        return (router, *(self.mlp_matrices(shared) if shared else ()))

    @property
    def params(self) -> int:
        """All weights, counted from the shape; vectors (norms, biases) are left out."""
        routed = self.experts.total * self.expert_params if self.experts else 0
        return (
            self.attention_layers * weights(self.attention_matrices)
            + (self.layers - self.attention_layers) * weights(self.linear_matrices)
            + (self.layers - self.moe_layers) * weights(self.mlp_matrices(self.intermediate))
            + self.moe_layers * (weights(self.shared_matrices) + routed)
            + self.vocab * self.hidden * (1 if self.tied else 2)
        )

    @property
    def kv_width(self) -> int:
        """Elements that one layer keeps of one token."""
        if self.mla:
            return self.mla.kv_rank + self.mla.rope + (self.indexer.dim if self.indexer else 0)
        return 2 * self.kv_heads * self.head_dim


@cache
def models() -> dict[str, Model]:
    """Every model of the catalogue by its hub id."""
    found = convert(load_yaml(FILE), dict[str, Model], str(FILE))
    return {name: msgspec.structs.replace(each, name=name) for name, each in found.items()}


@cache
def _names() -> dict[str, str]:
    known = {}
    for name, each in models().items():
        for spelt in (name, *each.aliases):
            known[spelt.lower()] = name
            known.setdefault(spelt.lower().rpartition("/")[2], name)
    return known


def find_model(name: str, where: str = "model") -> Model:
    """The model of that hub id, with or without its owner, in any case; raises InputError.

    >>> find_model("qwen3-32b").name
    'Qwen/Qwen3-32B'
    """
    known = _names()
    if name.lower() not in known:
        raise InputError(
            where, expected="a model of the catalogue", got=shorten(name), fix=nearest(name.lower(), known)
        )
    return models()[known[name.lower()]]
