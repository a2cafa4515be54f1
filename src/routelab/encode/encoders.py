"""Text → vectors, without learning anything: the same text always gives the same row.

What must be learned from text (a reduction to few dimensions) belongs to the router that is fitted, so that
cross-fitting covers it. Encoders know nothing of arms, scores or prices.
"""

from __future__ import annotations

import importlib.util
import re
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol
from zlib import crc32

import msgspec
import numpy as np
import numpy.typing as npt
from scipy import sparse

from routelab.core.errors import InputError, need_extra
from routelab.core.files import digest

Matrix = npt.NDArray[np.float32]
Encoded = Matrix | Any
"""(n, d): a dense float32 array or a scipy CSR matrix (which has no precise type)."""


class Encoder(Protocol):
    """Stateless. ``hash`` names the function computed: equal hashes promise equal rows."""

    @property
    def hash(self) -> str: ...

    def encode(self, texts: Sequence[str]) -> Encoded: ...


@cache
def _hash_of(*function: str | int) -> str:
    return digest(function)


class HashedNgrams(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="hashed-ngrams"):
    """Counts of word n-grams in hashed buckets: (n, 2**bits) CSR. No vocabulary, so nothing to leak.

    Words are runs of two or more letters, digits or underscores, in lower case. An n-gram that comes twice has two
    entries in its row.
    """

    bits: int = 14
    longest: int = 2

    @property
    def hash(self) -> str:
        return _hash_of("hashed-ngrams", 2, self.bits, self.longest)

    def encode(self, texts: Sequence[str]) -> Encoded:
        grams: list[int] = []
        edges = [0]
        for text in texts:
            words = (
                "\n".join([*_WORD.findall(text.lower()), ""]).encode("utf-8", "surrogatepass").splitlines(keepends=True)
            )
            hashes = [0] * len(words)
            for skipped in range(self.longest):  # the hash of a word follows on that of the words before it
                hashes = [*map(crc32, words[skipped:], hashes)]
                grams += hashes
            edges.append(len(grams))
        buckets = np.array(grams, np.uint32).astype(np.int32) & (2**self.bits - 1)
        ones, bounds = np.ones(len(buckets), np.float32), np.array(edges, np.int32)
        return sparse.csr_matrix((ones, buckets, bounds), shape=(len(texts), 2**self.bits))


_WORD = re.compile(r"\w\w+")


class StaticEmbedding(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="static-embedding"):
    """Mean of static token vectors, unit length: (n, 256). Offline; weights come with the ``dense`` extra.

    WordLlama ``l2_supercat_256`` (MIT): token embeddings distilled from large language models.
    """

    @property
    def hash(self) -> str:
        return _hash_of("static-embedding", 1, "l2_supercat_256")

    def encode(self, texts: Sequence[str]) -> Encoded:
        tokenizer, vectors = _static_model()
        rows = np.zeros((len(texts), vectors.shape[1]), np.float32)
        for row, encoding in enumerate(tokenizer.encode_batch(list(texts), add_special_tokens=False)):
            if encoding.ids:
                rows[row] = vectors[encoding.ids].mean(axis=0)
        return unit_rows(rows)


class TextSignals(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="text-signals"):
    """A dozen numbers anyone can read off a prompt: length, digits, symbols, questions, code marks. (n, 12)"""

    @property
    def hash(self) -> str:
        return _hash_of("text-signals", 1)

    def encode(self, texts: Sequence[str]) -> Encoded:
        return np.array([_signals(text) for text in texts], np.float32).reshape(len(texts), 12)


class TextLength(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="text-length"):
    """Log length in characters and its square. (n, 2)"""

    @property
    def hash(self) -> str:
        return _hash_of("text-length", 1)

    def encode(self, texts: Sequence[str]) -> Encoded:
        length = np.log1p(np.array([len(text) for text in texts], np.float32))
        return np.stack([length, length**2], axis=1)


CODE_POINT = 2.0**-60
"""The unit of ``Verbatim`` rows: so small that whatever reads them as quantities (a cost model) takes no notice."""


class Verbatim(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="verbatim"):
    """The text itself, a character a column, for estimators that read for themselves: (n, longest).

    A column holds its character's code point plus one, in units of ``CODE_POINT``; 0 is no character. Of a text that
    is too long the middle is left out. ``texts_of`` reads the rows back.
    """

    longest: int = 1024

    @property
    def hash(self) -> str:
        return _hash_of("verbatim", 1, self.longest)

    def encode(self, texts: Sequence[str]) -> Encoded:
        rows, tail = np.zeros((len(texts), self.longest), np.float32), self.longest // 2
        for row, text in zip(rows, texts):
            kept = text if len(text) <= self.longest else text[: self.longest - tail] + text[len(text) - tail :]
            points = np.frombuffer(kept.encode("utf-32-le", "surrogatepass"), "<u4")
            row[: len(points)] = points + 1.0
        return rows * np.float32(CODE_POINT)


def texts_of(rows: Matrix) -> list[str]:
    """The texts that ``Verbatim`` made (n, longest) rows of, halves of surrogate pairs replaced.

    Raises InputError for rows of another encoder.
    """
    points = np.asarray(rows, float) / CODE_POINT
    if ((points % 1 != 0) | (points < 0) | (points > 0x110000)).any():
        raise InputError(
            "features",
            expected="the text itself",
            got="another encoder's rows",
            fix="give the recipe the view {encoder: {type: verbatim}, reduction: {type: as-is}}, and give it last",
        )
    return [(row[row > 0] - 1).astype("<u4").tobytes().decode("utf-32-le", "replace") for row in points]


AnyEncoder = HashedNgrams | StaticEmbedding | TextSignals | TextLength | Verbatim


def unit_rows(rows: Matrix) -> Matrix:
    """Rows scaled to length one; zero rows stay zero."""
    norms = np.sqrt(np.vecdot(rows, rows))[:, None]
    return np.asarray(rows / np.maximum(norms, 1e-30), np.float32)


def _signals(text: str) -> list[float]:
    length = max(len(text), 1)
    words, tally = text.split(), Counter(text).items()
    share = [
        sum(count for character, count in tally if test(character)) / length
        for test in (
            str.isdigit,
            str.isupper,
            str.isspace,
            lambda c: not (c.isalnum() or c.isspace()),
            lambda c: c > "\x7f",
        )
    ]
    return [
        float(np.log1p(len(text))),
        float(np.log1p(len(words))),
        float(np.log1p(text.count("\n"))),
        len(text) / max(len(words), 1) / 10,
        *share,
        float(text.count("?") > 0),
        float(any(mark in text for mark in ("def ", "return ", "{", "};", "=>", "print("))),
        len({word.lower() for word in words}) / max(len(words), 1),
    ]


_LOADED: list[tuple[Any, Matrix]] = []


def _static_model() -> tuple[Any, Matrix]:
    """The tokenizer and the token vectors, read once. The package's code is not run: only its files are."""
    if not _LOADED:
        spec = importlib.util.find_spec("wordllama")
        if spec is None or not spec.submodule_search_locations or importlib.util.find_spec("tokenizers") is None:
            raise need_extra("wordllama", "dense", "the static sentence encoder")
        from safetensors.numpy import load_file
        from tokenizers import Tokenizer

        root = Path(spec.submodule_search_locations[0])
        tokenizer = Tokenizer.from_file(str(root / "tokenizers" / "l2_supercat_tokenizer_config.json"))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        (vectors,) = load_file(root / "weights" / "l2_supercat_256.safetensors").values()
        _LOADED.append((tokenizer, np.asarray(vectors, np.float32)))
    return _LOADED[0]
