"""LLMRouter's knn, svm, mlp and mf routers, fitted by its own trainers.

It embeds prompts by Longformer, which is a download: here its modules are handed TF-IDF reduced to its leading singular
vectors instead. Its other routers need a language model, a graph library or users' histories.
"""

from __future__ import annotations

import importlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from typing import Any

import torch
import yaml
from competitor import Training, read, write
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline

WIDTH = 128
ABOUT = {"source_url": "https://github.com/ulab-uiuc/LLMRouter", "licence": "MIT"}
ROUTERS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "knn": ("KNNRouter", "KNNRouterTrainer", {"n_neighbors": 15, "metric": "cosine"}),
    "svm": ("SVMRouter", "SVMRouterTrainer", {"kernel": "rbf", "C": 1.0}),
    "mlp": ("MLPRouter", "MLPTrainer", {"hidden_layer_sizes": [64], "lr": 0.001, "epochs": 60}),
    "mf": ("MFRouter", "MFRouterTrainer", {"latent_dim": 64, "text_dim": WIDTH, "lr": 0.001, "epochs": 30}),
}


def prepare(training: Training, folder: Path) -> Callable[[str], torch.Tensor]:
    """Its data files, and the embedding of a prompt. Arms come cheapest first: of equals it takes the first."""
    arms = sorted(training.score[0], key=lambda arm: mean(row[arm] for row in training.cost_usd))
    words = make_pipeline(TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), TruncatedSVD(WIDTH, random_state=0))
    torch.save(torch.tensor(words.fit_transform(training.prompts), dtype=torch.float32), folder / "embeddings.pt")
    rows = [
        {"query": prompt, "model_name": arm, "performance": score[arm], "embedding_id": place}
        for place, (prompt, score) in enumerate(zip(training.prompts, training.score))
        if max(score.values()) > 0
        for arm in arms
    ]
    (folder / "routing.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return lambda text: torch.tensor(words.transform([text])[0], dtype=torch.float32)


def main() -> None:
    queries, training, out = read()
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # else importing it asks the network for prices
    for kind, (router_name, trainer_name, hparam) in ROUTERS.items():
        torch.manual_seed(0)
        with TemporaryDirectory() as made:
            folder = Path(made)
            embedding = prepare(training, folder)
            model = str(folder / "model.pkl")
            config = {
                "data_path": {
                    "routing_data_train": str(folder / "routing.jsonl"),
                    "query_embedding_data": str(folder / "embeddings.pt"),
                },
                "model_path": {"ini_model_path": "", "save_model_path": model, "load_model_path": model},
                "hparam": hparam,
            }
            (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
            package = importlib.import_module(f"llmrouter.models.{kind}router")
            importlib.import_module(f"llmrouter.models.{kind}router.router").get_longformer_embedding = embedding
            router = getattr(package, router_name)(str(folder / "config.yaml"))
            getattr(package, trainer_name)(router, device="cpu").train()
            chosen = {name: router.route_single({"query": prompt})["model_name"] for name, prompt in queries.items()}
        description = f"its {kind} router with TF-IDF reduced to {WIDTH} dimensions in place of Longformer"
        write(out, f"LLMRouter {kind}", chosen, package="llmrouter-lib", description=description, **ABOUT)


if __name__ == "__main__":
    main()
