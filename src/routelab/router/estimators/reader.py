"""A transformer that reads: text → one vector. Loaded from local files, kept as plain arrays, trained by its holder.

Knows nothing of arms or scores. Fetches nothing, unpickles nothing and runs no code that comes with a model.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from routelab.core.decisions import Floats
from routelab.core.errors import PrerequisiteError, need_extra

Bytes = npt.NDArray[np.uint8]
FILES = ("config.json", "model.safetensors", "tokenizer.json")


def check_extra() -> None:
    """Raises PrerequisiteError unless the extra is installed."""
    for package in ("torch", "transformers"):
        if find_spec(package) is None:
            raise need_extra(package, "torch", "a fine-tuned text encoder")


@contextmanager
def luck(seed: int) -> Iterator[None]:
    """Torch draws from this seed while the block runs; the caller's state is left alone."""
    import torch

    with torch.random.fork_rng(range(torch.cuda.device_count())):
        torch.manual_seed(seed)
        yield


def folder_of(model: str) -> Path:
    """Where ``model`` lies: a folder, or the local copy of a model of the hub. Raises PrerequisiteError if nowhere."""
    check_extra()
    folder = Path(model)
    if not folder.is_dir() and find_spec("huggingface_hub") is not None:
        folder = _downloaded(model) or folder
    absent = [name for name in FILES if not (folder / name).is_file()]
    if absent:
        raise PrerequisiteError(
            f"model {model!r}",
            expected=f"a folder, or a downloaded model of the hub, with {', '.join(FILES)}",
            got=f"no {absent[0]}" if folder.is_dir() else "neither",
            fix="name the folder of another model" if folder.is_dir() else f"hf download {model}",
        )
    return folder


def _downloaded(model: str) -> Path | None:
    from huggingface_hub import try_to_load_from_cache

    try:
        found = try_to_load_from_cache(model, FILES[0])
    except ValueError:  # not the name of a model
        return None
    return Path(found).parent if isinstance(found, str) else None


class Reader:
    """A tokenizer and a network; a text's vector is the mean of its tokens' last states. On the GPU if there is one."""

    def __init__(self, tokenizer: Any, network: Any, longest: int) -> None:
        import torch

        self.tokenizer, self.longest = tokenizer, longest
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.network = network.float().to(self.device).eval()
        self.filler = network.config.pad_token_id or 0
        tokenizer.no_padding()
        tokenizer.enable_truncation(min(longest, getattr(network.config, "max_position_embeddings", longest)))

    @classmethod
    def pretrained(cls, model: str, longest: int) -> Self:
        """As its authors left it."""
        folder = folder_of(model)
        from tokenizers import Tokenizer
        from transformers import AutoModel

        with luck(0):  # for weights that the files do not hold
            network = AutoModel.from_pretrained(folder, use_safetensors=True, local_files_only=True)
        return cls(Tokenizer.from_file(str(folder / "tokenizer.json")), network, longest)

    @classmethod
    def thawed(cls, config: Bytes, tokenizer: Bytes, weights: Floats, longest: int) -> Self:
        """From what ``frozen`` gave: the model's folder is not looked at again."""
        check_extra()
        import torch
        from tokenizers import Tokenizer
        from transformers import AutoConfig, AutoModel

        with luck(0):
            network = AutoModel.from_config(AutoConfig.for_model(**json.loads(config.tobytes()))).float()
        torch.nn.utils.vector_to_parameters(torch.tensor(weights), network.parameters())
        return cls(Tokenizer.from_str(tokenizer.tobytes().decode()), network, longest)

    def frozen(self) -> tuple[Bytes, Bytes, Floats]:
        """Configuration and tokenizer as JSON in UTF-8, and all weights in one row."""
        config, tokenizer = self.network.config.to_json_string(use_diff=False), self.tokenizer.to_str()
        as_bytes = [np.frombuffer(text.encode(), np.uint8) for text in (config, tokenizer)]
        return as_bytes[0], as_bytes[1], self.weights().cpu().numpy()

    def weights(self) -> Any:
        """A copy of all weights, in one row."""
        import torch

        return torch.nn.utils.parameters_to_vector(self.network.parameters()).detach().clone()

    def __call__(self, texts: Sequence[str]) -> Any:
        """(n, d) vectors that remember how they came about, for training."""
        import torch

        tokens = [one.ids or [self.filler] for one in self.tokenizer.encode_batch(list(texts))]
        width = max(map(len, tokens))
        filled = [ids + [self.filler] * (width - len(ids)) for ids in tokens]
        mask = torch.tensor([[1] * len(ids) + [0] * (width - len(ids)) for ids in tokens], device=self.device)
        states = self.network(input_ids=torch.tensor(filled, device=self.device), attention_mask=mask)
        weight = mask[:, :, None].float()
        return (states.last_hidden_state * weight).sum(dim=1) / weight.sum(dim=1)

    def vectors(self, texts: Sequence[str]) -> Floats:
        """(n, d) numbers. One text at a time: no bit depends on what else is read."""
        import torch

        with torch.no_grad():
            rows = [self([text])[0].cpu().numpy() for text in texts]
        return np.array(rows, float).reshape(len(rows), self.network.config.hidden_size)
