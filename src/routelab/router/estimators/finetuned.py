"""A language model that is taught to route: all its weights are trained on the scores. Needs the extra ``torch``.

Losses are those of the factor models, slopes included; torch carries the slopes through the network.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec
import numpy as np

from routelab.core.decisions import Floats, Ints
from routelab.core.seeds import stream
from routelab.encode.encoders import Matrix, texts_of, unit_rows
from routelab.router.estimate import Newcomer, Training, column_means
from routelab.router.estimators import losses
from routelab.router.estimators.factor import ENOUGH, HELD_OUT, LEAST_SLOPE, LEAST_SPREAD, clusters
from routelab.router.estimators.linear import each
from routelab.router.estimators.reader import Reader, luck

ARM_SPREAD = 0.78
"""Standard deviation of the coordinates of RouterDC's arm vectors before training."""


class FineTuned(msgspec.Struct, dict=True, forbid_unknown_fields=True, tag="fine-tuned"):
    """P(right) = σ(⟨[h(text), 1], v_arm⟩), where h is a pretrained encoder whose weights are trained too.

    ``regress``: a head an arm, cross-entropy of every known score (the BERT classifier of RouteLLM, arXiv 2406.18665,
    with a label an arm). ``routerdc``: best arms against worst by cosine over ``temperature``, and queries of one
    k-means cluster together (RouterDC, 2409.19886).

    Reads the recipe's last view, which must be ``verbatim``. ``model`` is a folder or a downloaded model of the hub;
    an artifact holds its own copy. Of ``longest`` tokens no more is read. AdamW at a constant ``rate``; the epoch with
    the lowest loss on held-out queries stays. Then one slope and one shift make scores of all arms' utilities, which
    keeps every query's order of arms. On one CPU equal seeds give equal bits.

    Standard errors are an arm's held-out root mean square residual × √(dimensions that the vectors effectively
    have / queries): those of the heads, as though the encoder were given. The same for every query.
    """

    loss: Literal["regress", "routerdc"] = "regress"
    model: str = "sentence-transformers/all-MiniLM-L6-v2"
    epochs: int = 4
    batch: int = 16
    rate: float = 5e-5
    longest: int = 256
    temperature: float = 1.0

    def fit(self, training: Training) -> FineTuned:
        reader = Reader.pretrained(self.model, self.longest)
        self.columns_ = np.array(training.edges[-2:])
        scored = np.flatnonzero((~np.isnan(training.score)).any(axis=1))
        texts, score, n = self._texts(training.features[scored]), training.score[scored], len(scored)
        draw = stream(training.seed, "fine-tuned", self.loss)
        held, kept = np.split(draw.permutation(n), [int(HELD_OUT * n) if n >= ENOUGH else 0])
        arms = self._train(reader, texts, score, held, kept, draw)
        self.config_, self.tokenizer_, self.weights_ = reader.frozen()
        vars(self).pop("reader", None)
        judged = held if len(held) else kept
        x = self._design(texts)
        self.arms_ = _as_scores(arms, each(x, arms), score, judged)
        spread = (x - x.mean(axis=0)).T @ (x - x.mean(axis=0))
        self.freedom_ = max(float(np.trace(spread) ** 2 / max((spread**2).sum(), 1e-12)), 1.0)
        residual = score[judged] - losses.sigmoid(each(x[judged], self.arms_))
        self.se_ = self._error(residual, len(kept))
        self.gap_se_ = self._error(residual - residual[:, [training.fallback]], len(kept))
        return self

    def predict(self, features: Matrix) -> tuple[Floats, Floats, Floats]:
        mean = losses.sigmoid(each(self._design(self._texts(features)), self.arms_))
        return mean, np.broadcast_to(self.se_, mean.shape), np.broadcast_to(self.gap_se_, mean.shape)

    def add_arm(self, newcomer: Newcomer) -> FineTuned:
        """The encoder stays. The newcomer's vector is the mean of the others' and a step from it, as likely to be
        long, measured in logits, as theirs are."""
        x, usual = self._design(self._texts(newcomer.features)), self.arms_.mean(axis=0)
        spread = max(float((each(x, self.arms_ - usual) ** 2).mean()), LEAST_SPREAD)
        ridge = np.full(x.shape[1], float((x**2).sum(axis=1).mean()) / spread)
        vector = usual + losses.logistic(x, newcomer.score, ridge, x @ usual)
        self.arms_ = np.insert(self.arms_, newcomer.place, vector, axis=0)
        se = self._error((newcomer.score - losses.sigmoid(x @ vector))[:, None], len(x))[0]
        self.se_ = np.insert(self.se_, newcomer.place, se)
        self.gap_se_ = np.insert(self.gap_se_, newcomer.place, np.hypot(se, self.se_[newcomer.fallback]))
        return self

    def _texts(self, features: Matrix) -> list[str]:
        first, end = self.columns_
        return texts_of(features[:, first:end])

    def _design(self, texts: list[str]) -> Floats:
        """(n, d + 1) vectors as the finished encoder reads them, and a column of ones."""
        if "reader" not in vars(self):
            self.reader = Reader.thawed(self.config_, self.tokenizer_, self.weights_, self.longest)
        rows = self.reader.vectors(texts)
        turned = unit_rows(np.asarray(rows, np.float32)) if self.loss == "routerdc" else rows
        return np.column_stack([turned, np.ones(len(rows))])

    def _error(self, residual: Floats, rows: int) -> Floats:
        return np.asarray(np.sqrt(column_means(residual**2) * self.freedom_ / rows), float)

    def _train(
        self, reader: Reader, texts: list[str], score: Floats, held: Ints, kept: Ints, draw: np.random.Generator
    ) -> Floats:
        """The arms' (K, d + 1) vectors, intercepts last; the reader is left as it was after its best epoch."""
        import torch

        group = np.zeros(len(texts), np.int64)
        if self.loss == "routerdc":
            group = clusters(reader.vectors(texts), int(draw.integers(2**31)))
        arms = torch.tensor(self._start(score[kept], reader, draw), dtype=torch.float32, device=reader.device)
        arms.requires_grad_()
        optimiser = torch.optim.AdamW([*reader.network.parameters(), arms], lr=self.rate)
        lowest, best = np.inf, (reader.weights(), arms.detach().clone())
        with luck(int(draw.integers(2**31))):
            for _ in range(self.epochs):
                reader.network.train()
                for rows in np.array_split(draw.permutation(kept), -(-len(kept) // self.batch)):
                    hidden = reader([texts[row] for row in rows])
                    utility = self._utility(hidden, arms)
                    _, *slopes = self._loss(utility, hidden, score[rows], group[rows], draw)
                    optimiser.zero_grad()
                    pull = [torch.tensor(slope, dtype=torch.float32, device=reader.device) for slope in slopes]
                    torch.autograd.backward([utility, hidden], pull)
                    optimiser.step()
                reader.network.eval()
                value = self._judge(reader, arms, [texts[row] for row in held], score[held])
                if value < lowest or not len(held):
                    lowest, best = value, (reader.weights(), arms.detach().clone())
        torch.nn.utils.vector_to_parameters(best[0], reader.network.parameters())
        vectors = best[1].cpu().numpy().astype(float)
        return vectors if self.loss == "regress" else np.asarray(unit_rows(vectors), float) / self.temperature

    def _start(self, score: Floats, reader: Reader, draw: np.random.Generator) -> Floats:
        """Arms that differ in how often they are right, or point anywhere; a last coordinate of zero stays zero."""
        arms = np.zeros((score.shape[1], reader.network.config.hidden_size + 1))
        if self.loss == "regress":
            rate = np.clip(column_means(score), 0.01, 0.99)
            arms[:, -1] = np.log(rate / (1 - rate))
        else:
            arms[:, :-1] = draw.normal(0, ARM_SPREAD, arms[:, :-1].shape)
        return arms

    def _utility(self, hidden: Any, arms: Any) -> Any:
        """(n, K) logits, differentiable."""
        from torch.nn.functional import normalize

        if self.loss == "regress":
            return hidden @ arms[:, :-1].T + arms[:, -1]
        return normalize(hidden) @ normalize(arms[:, :-1]).T / self.temperature

    def _loss(
        self, utility: Any, hidden: Any, score: Floats, group: Ints, draw: np.random.Generator
    ) -> tuple[float, Floats, Floats]:
        """The loss with its slopes in utilities and vectors."""
        logits, vectors = (part.detach().cpu().numpy().astype(float) for part in (utility, hidden))
        if self.loss == "regress":
            return *losses.cross_entropy(logits, score), np.zeros_like(vectors)
        value, slope = losses.contrast(logits, *losses.extremes(score))
        kin, pull = losses.kinship(vectors, group, draw)
        return value + kin, slope, pull

    def _judge(self, reader: Reader, arms: Any, texts: list[str], score: Floats) -> float:
        """What held-out queries say of an epoch: the part of the loss that tells arms apart."""
        import torch

        vectors = torch.tensor(reader.vectors(texts), dtype=torch.float32, device=reader.device)
        logits = self._utility(vectors, arms).detach().cpu().numpy().astype(float)
        if self.loss == "regress":
            return losses.cross_entropy(logits, score)[0]
        return losses.contrast(logits, *losses.extremes(score))[0]


def _as_scores(arms: Floats, utility: Floats, score: Floats, judged: Ints) -> Floats:
    """The arms under one slope, fitted on ``judged`` queries alone, and one shift, fitted on all that were scored."""
    known = ~np.isnan(score)
    cells = known[judged]
    both = np.column_stack([utility[judged][cells], np.ones(int(cells.sum()))])
    slope = max(float(losses.logistic(both, score[judged][cells], np.full(2, 0.1))[0]), LEAST_SLOPE)
    level = np.ones((int(known.sum()), 1))
    (shift,) = losses.logistic(level, score[known], np.full(1, 0.1), slope * utility[known])
    turned = arms * slope
    turned[:, -1] += shift
    return turned
