"""Text → vectors: the same text always gives the same row, whatever batch it stands in, and work is done once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from routelab.core import PrerequisiteError
from routelab.encode import HashedNgrams, QueryBatch, Standardise, TextLength, TextSignals, TfidfSvd, unit_rows

TEXTS = [f"{word} {number} of the {place}" for number in range(8) for word in ("sum", "river") for place in ("old", "")]
ENCODERS = (HashedNgrams(), TextSignals(), TextLength())


class Counting:
    """An encoder that remembers how many texts it was ever asked to encode."""

    hash = "counting"

    def __init__(self) -> None:
        self.seen = 0

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        self.seen += len(texts)
        return np.array([[len(text), text.count("r")] for text in texts], np.float32)


def rows_of(encoder: HashedNgrams | TextSignals | TextLength, texts: Sequence[str]) -> np.ndarray:
    rows = encoder.encode(texts)
    return rows.toarray() if sparse.issparse(rows) else rows


# -- batches --------------------------------------------------------------------------------------


def test_parts_of_a_batch_share_its_encodings() -> None:
    batch, encoder = QueryBatch.of(TEXTS), Counting()
    part = batch.take([5, 3, 3])
    nested = part.take([2, 0])
    np.testing.assert_array_equal(part.encoded(encoder), batch.encoded(encoder)[[5, 3, 3]])
    np.testing.assert_array_equal(nested.encoded(encoder), batch.encoded(encoder)[[3, 5]])
    assert encoder.seen == len(TEXTS)


def test_a_part_keeps_ids_texts_and_tasks_together() -> None:
    batch = QueryBatch.of(["a", "b", "c"], ["x", None, "z"])
    part = batch.take([2, 1]).take([1, 0])
    assert (part.ids, part.texts, part.tasks) == (("1", "2"), ("b", "c"), (None, "z"))
    assert len(batch.take([])) == 0


def test_a_reduction_is_fitted_once_for_each_training_set_and_seed() -> None:
    batch = QueryBatch.of(TEXTS)
    train, other = batch.take(range(20)), batch.take(range(10, 30))
    fitted = train.fitted(HashedNgrams(), TfidfSvd(4), seed=1)
    assert train.fitted(HashedNgrams(), TfidfSvd(4), seed=1) is fitted
    assert train.fitted(HashedNgrams(), TfidfSvd(4), seed=2) is not fitted
    assert other.fitted(HashedNgrams(), TfidfSvd(4), seed=1) is not fitted
    assert batch.reduced(HashedNgrams(), fitted) is batch.reduced(HashedNgrams(), fitted)


def test_a_batch_without_prompts_cannot_be_encoded_and_says_so() -> None:
    with pytest.raises(PrerequisiteError, match="without prompts"):
        QueryBatch(("q",), None, (None,)).take([0]).encoded(TextLength())


# -- encoders -------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoder", ENCODERS, ids=lambda encoder: type(encoder).__name__)
@settings(max_examples=25, deadline=None)
@given(texts=st.lists(st.text(max_size=40), min_size=1, max_size=6))
def test_a_text_has_the_same_row_in_every_batch(
    encoder: HashedNgrams | TextSignals | TextLength, texts: list[str]
) -> None:
    together = rows_of(encoder, texts)
    assert together.shape[0] == len(texts) and np.isfinite(together).all()
    for row, text in zip(together, texts):
        np.testing.assert_array_equal(row, rows_of(encoder, [text])[0])


def test_other_settings_have_another_hash() -> None:
    hashes = {encoder.hash for encoder in (*ENCODERS, HashedNgrams(bits=10), HashedNgrams(longest=1))}
    assert len(hashes) == 5 and HashedNgrams().hash == HashedNgrams().hash


def test_hashed_ngrams_count_words_and_pairs() -> None:
    counts = HashedNgrams().encode(["red fox red fox"])
    assert counts.sum() == 7
    counts.sum_duplicates()
    assert sorted(counts.data) == [1, 2, 2, 2], "red, fox and 'red fox' twice, 'fox red' once"
    assert HashedNgrams(longest=3).encode(["red fox", "red fox red", "a"]).sum(axis=1).ravel().tolist() == [[3, 6, 0]]


def test_hashed_ngrams_spread_over_their_buckets() -> None:
    words = [f"word{number}" for number in range(20_000)]
    seen = np.bincount(HashedNgrams(bits=10, longest=1).encode(words).indices, minlength=1024)
    assert seen.min() > 0 and seen.std() < 1.3 * np.sqrt(20_000 / 1024), "as even as chance"


# -- reductions -----------------------------------------------------------------------------------


def test_latent_rows_have_length_one_and_repeat() -> None:
    counts = HashedNgrams().encode(TEXTS)
    first, again = (TfidfSvd(6).fit(counts, 3).transform(counts) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    np.testing.assert_allclose(np.linalg.norm(first, axis=1), 1, rtol=1e-5)
    assert first.shape == (len(TEXTS), 6)


def test_latent_rows_agree_with_a_dense_singular_value_decomposition() -> None:
    counts = HashedNgrams(bits=8).encode(TEXTS)
    seen = (counts.toarray() > 0).sum(axis=0)
    weighted = unit_rows(counts.toarray() * (np.log((1 + len(TEXTS)) / (1 + seen)) + 1))
    basis = np.linalg.svd(weighted, full_matrices=False)[2][:3].T
    expected, found = unit_rows(weighted @ basis), TfidfSvd(3).fit(counts, 0).transform(counts)
    np.testing.assert_allclose(found @ found.T, expected @ expected.T, atol=2e-2)


@pytest.mark.parametrize("texts", [["one"], [""], ["", ""], ["one", "two"], ["same"] * 5, ["?!", "a"]])
def test_tiny_and_empty_texts_give_finite_rows(texts: list[str]) -> None:
    counts = HashedNgrams().encode(texts)
    fitted = TfidfSvd().fit(counts, 0)
    for rows in (fitted.transform(counts), fitted.transform(HashedNgrams().encode(["never seen", ""]))):
        norms = np.linalg.norm(rows, axis=1)
        assert np.isfinite(rows).all()
        assert all(norm == pytest.approx(1, rel=1e-4) or norm == 0 for norm in norms)


def test_a_text_has_the_same_latent_row_in_every_batch() -> None:
    counts = HashedNgrams().encode(TEXTS)
    fitted = TfidfSvd(5).fit(counts, 0)
    np.testing.assert_allclose(fitted.transform(counts)[7:8], fitted.transform(counts[7:8]), atol=1e-6)


def test_standardised_columns_have_mean_0_and_spread_1_and_constants_stay_finite() -> None:
    rows = np.array([[1.0, 7.0], [3.0, 7.0], [5.0, 7.0]])
    scaled = Standardise().fit(rows, 0).transform(rows)
    np.testing.assert_allclose(scaled[:, 0], [-np.sqrt(1.5), 0, np.sqrt(1.5)], rtol=1e-6)
    np.testing.assert_array_equal(scaled[:, 1], 0)
