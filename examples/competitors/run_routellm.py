"""RouteLLM's two routers that can be fitted on other outcomes: similarity-weighted ranking and matrix factorization.

Both route between two arms by the strong one's chance to win, cut where half of some held-out prompts go to the strong
one. They ask OpenAI for embeddings: here a server on this machine answers in its place, with hashed words. The
published weights (of ``mf``, ``bert``, ``causal_llm``) are downloads, and are not used.
"""

from __future__ import annotations

import json
import os
import random
import threading
import warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from competitor import Training, read, write
from sklearn.feature_extraction.text import HashingVectorizer

MOST_BATTLES = 3500
WIDTH = 1536  # of the embeddings that its models expect
HASHED = HashingVectorizer(n_features=WIDTH, alternate_sign=True, ngram_range=(1, 2), dtype=np.float32)
STAND_INS = ("mixtral-8x7b-instruct-v0.1", "gpt-4-1106-preview")  # its matrix knows 64 models by name, ours not
ABOUT = {"source_url": "https://github.com/lm-sys/RouteLLM", "licence": "Apache-2.0"}


class Embeddings(BaseHTTPRequestHandler):
    """``/v1/embeddings`` by hashed words."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        rows = [{"object": "embedding", "index": k, "embedding": one} for k, one in enumerate(embed(asked["input"]))]
        body = json.dumps({"object": "list", "model": asked["model"], "data": rows, "usage": {}}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing is logged."""


def embed(texts: list[str]) -> list[list[float]]:
    return HASHED.transform(texts).toarray().tolist()


def ranking(training: Training, pair: list[str], place: Path) -> Any:
    """Every two arms have met on every prompt; its Bradley–Terry fit weighs these battles by similarity.

    It fits anew for every prompt, so that at most MOST_BATTLES are drawn.
    """
    from routellm.routers.routers import SWRankingRouter

    battles = []
    for prompt, score in zip(training.prompts, training.score):
        for first, second in combinations(score, 2):
            won = score[first] > score[second], score[first] < score[second]
            met = {"model_a": first, "model_b": second, "winner_model_a": int(won[0]), "winner_model_b": int(won[1])}
            battles.append({"prompt": json.dumps([prompt]), **met})
    drawn = random.Random(0).sample(range(len(battles)), min(len(battles), MOST_BATTLES))
    battles = [battles[which] for which in sorted(drawn)]
    rows = embed([json.loads(one["prompt"])[0] for one in battles])
    datasets = []
    for name, lines in (("battles", battles), ("embeddings", [{"embeddings": row} for row in rows])):
        (place / name).mkdir()
        (place / name / "train.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        datasets.append([str(place / name)])
    weak, strong = pair
    return SWRankingRouter(*datasets, strong_model=strong, weak_model=weak, num_tiers=len(training.score[0]))


def factorization(training: Training, pair: list[str], place: Path) -> Any:
    """Its training loop on the prompts that tell the two arms apart; the weights go through its own checkpoint."""
    from routellm.routers.matrix_factorization.model import MODEL_IDS, MFModel
    from routellm.routers.matrix_factorization.train_matrix_factorization import (
        MFModel_Train,
        PairwiseDataset,
        train_loops,
    )
    from routellm.routers.routers import MatrixFactorizationRouter

    weak, strong = pair
    met = {"model_a": STAND_INS[1], "model_b": STAND_INS[0]}
    battles = [
        met | {"idx": row, "winner": "model_a" if score[strong] > score[weak] else "model_b"}
        for row, score in enumerate(training.score)
        if score[strong] != score[weak]
    ]
    np.save(place / "embeddings.npy", np.array(embed(training.prompts), np.float32))
    net = MFModel_Train(128, len(MODEL_IDS), len(training.prompts), npy_path=place / "embeddings.npy")
    batches = PairwiseDataset(battles).get_dataloaders(64)
    train_loops(net, batches, batches, lr=3e-4, weight_decay=1e-5, alpha=0.1, num_epochs=100, device="cpu")
    shape = {"dim": 128, "num_models": len(MODEL_IDS), "text_dim": WIDTH, "num_classes": 1, "use_proj": True}
    learned = MFModel(**shape)
    learned.load_state_dict(
        {
            "P.weight": net.P.weight,
            "text_proj.0.weight": net.text_proj.weight,
            "classifier.0.weight": net.classifier.weight,
        }
    )
    learned.save_pretrained(place / "mf")
    return MatrixFactorizationRouter(str(place / "mf"))


def half(whole: Training, first: bool) -> Training:
    """Every second prompt: one half to learn from, the other for the threshold."""
    start = 0 if first else 1
    return Training(whole.prompts[start::2], whole.score[start::2], whole.cost_usd[start::2])


def main() -> None:
    queries, training, out = read()
    warnings.simplefilter("ignore", FutureWarning)  # of scikit-learn, once a prompt
    pair = training.ladder()[-2:]
    server = ThreadingHTTPServer(("127.0.0.1", 0), Embeddings)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    os.environ |= {"OPENAI_BASE_URL": f"http://127.0.0.1:{server.server_port}/v1", "OPENAI_API_KEY": "none"}
    os.environ |= {"HF_HUB_OFFLINE": "1", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    from routellm.controller import ModelPair

    made = {"sw-ranking": ranking, "mf": factorization}
    for kind, make in made.items():
        with TemporaryDirectory() as place:
            router = make(half(training, True), pair, Path(place))
            seen = [router.calculate_strong_win_rate(prompt) for prompt in half(training, False).prompts]
            threshold = float(np.median(seen))
            routed = ModelPair(strong=pair[1], weak=pair[0])
            chosen = {name: router.route(prompt, threshold, routed) for name, prompt in queries.items()}
        description = f"its {kind} between two arms, fitted on half of the prompts, embeddings by hashed words"
        write(out, f"RouteLLM {kind}", chosen, package="routellm", description=description, **ABOUT)


if __name__ == "__main__":
    main()
