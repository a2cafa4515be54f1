"""Fine-tuned encoders: planted specialists found, equal seeds and artifacts equal to the last bit, clear refusals.

The encoder is a tiny BERT that knows nothing yet and lies in a temporary folder: nothing is fetched.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from msgspec import structs

from routelab.arena.contenders import contenders
from routelab.core import InputError, PrerequisiteError, registry
from routelab.encode import QueryBatch, TextLength, Verbatim, texts_of
from routelab.router import Recipe, Router, best_single, check_router, load_artifact, save_artifact
from routelab.router.catalogue import bert_classifier, routerdc_finetuned
from routelab.router.estimators import Constant, FineTuned
from routelab.router.worlds import TOPICS, World, plant

# -- the text as numbers ---------------------------------------------------------------------------------------


def test_verbatim_rows_read_back_as_the_text() -> None:
    texts = ["", "a\x00b", "何为公平？", "🙂🙃", "plain"]
    assert texts_of(Verbatim().encode(texts)) == texts


def test_of_a_long_text_the_middle_is_left_out() -> None:
    assert texts_of(Verbatim(longest=5).encode(["beginning and end", "short"])) == ["begnd", "short"]


def test_half_a_surrogate_pair_is_replaced() -> None:
    assert texts_of(Verbatim().encode(["a\ud800b"])) == ["a\ufffdb"]


def test_rows_of_another_encoder_are_refused() -> None:
    with pytest.raises(InputError, match="verbatim"):
        texts_of(TextLength().encode(["what is this"]))


def test_a_cost_model_beside_it_takes_no_notice() -> None:
    world = plant("complementary")
    costs = [
        Router(Recipe(name="costs", estimator=Constant(), also=also)).fit(world.train, world.known).estimate(world.test)
        for also in ((), bert_classifier.also)
    ]
    np.testing.assert_allclose(costs[0].cost, costs[1].cost, rtol=1e-6)


# -- learning --------------------------------------------------------------------------------------------------

ENTRIES = (bert_classifier, routerdc_finetuned)
entries = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)


@cache
def world(name: str) -> World:
    return plant(name, train=480)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two layers, 32 wide, untrained, and a word for every word of the planted worlds."""
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers

    folder = tmp_path_factory.mktemp("tiny")
    tokenizer = Tokenizer(models.WordLevel(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    trainer = trainers.WordLevelTrainer(vocab_size=400, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]"])
    tokenizer.train_from_iterator(world("missing").train.texts or (), trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    config = transformers.BertConfig(
        vocab_size=400,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        transformers.BertModel(config).save_pretrained(folder)
    return folder


def tiny(entry: Recipe, model: Path) -> Recipe:
    """The entry with an encoder that has everything still to learn."""
    assert isinstance(entry.estimator, FineTuned)
    return structs.replace(entry, estimator=structs.replace(entry.estimator, model=str(model), rate=1e-3, epochs=10))


def fitted(recipe: Recipe, where: World) -> Router:
    return Router(recipe).fit(fresh(where.train), where.known)


@cache
def specialised(entry: str, model: Path) -> Router:
    """Fitted where every topic has its specialist and three cells of ten are unknown; only to be asked."""
    (recipe,) = (one for one in ENTRIES if one.name == entry)
    return fitted(tiny(recipe, model), world("missing"))


def fresh(batch: QueryBatch) -> QueryBatch:
    """The same prompts, with nothing remembered about them."""
    return QueryBatch.of(batch.texts or ())


def gained(where: World, router: Router) -> float:
    """The share of the planted gain over the best single arm that is earned."""
    chance = where.chance[[TOPICS.index(task or "") for task in where.test.tasks]]
    pick = [where.known.arms.index(arm) for arm in router.route(where.test, dial=0.0).chosen_arms()]
    single = best_single(where.known.score, where.known.cost_usd, where.known.arms)
    base = chance[:, single].mean()
    return float((chance[np.arange(len(chance)), pick].mean() - base) / (chance.max(axis=1).mean() - base))


@entries
def test_specialists_are_found(entry: Recipe, model: Path) -> None:
    assert gained(world("missing"), specialised(entry.name, model)) >= 0.95


@entries
def test_means_are_probabilities(entry: Recipe, model: Path) -> None:
    where = world("missing")
    chance = where.chance[[TOPICS.index(task or "") for task in where.test.tasks]]
    mean = specialised(entry.name, model).estimate(where.test).mean
    assert np.abs(mean - chance).mean() <= 0.1


@entries
@pytest.mark.slow
def test_every_promise_is_kept(entry: Recipe, model: Path) -> None:
    check_router(tiny(entry, model)).raise_if_failed()


@entries
def test_equal_seeds_give_equal_bits_whoever_is_asked_beside(entry: Recipe, model: Path) -> None:
    where = plant("complementary", train=60, test=20)
    one, other = (fitted(tiny(entry, model), where).estimate(fresh(where.test)) for _ in range(2))
    alone = fitted(tiny(entry, model), where).estimate(fresh(where.test.take([7])))
    for name in ("mean", "se", "gap_se"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        np.testing.assert_array_equal(getattr(one, name)[7], getattr(alone, name)[0])


@entries
def test_a_new_arm_is_learned_and_the_others_stay(entry: Recipe, model: Path) -> None:
    where, late = world("complementary"), "lab/coder"
    others = tuple(arm for arm in where.known.arms if arm != late)
    router = fitted(tiny(entry, model), replace(where, known=where.known.columns(others)))
    before = router.estimate(fresh(where.test))
    router.add_arm(where.train, where.known.columns((late,)))
    after = router.estimate(fresh(where.test))
    place = router.arms_.index(late)
    for name in ("mean", "se", "gap_se"):
        np.testing.assert_array_equal(getattr(before, name), np.delete(getattr(after, name), place, axis=1))
    code = np.array([task == "code" for task in where.test.tasks])
    assert (after.mean[code].argmax(axis=1) == place).mean() >= 0.9


@entries
def test_an_artifact_needs_the_model_no_more_and_decides_the_same(entry: Recipe, model: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(model, tmp_path / "model")
    where = plant("complementary", train=60, test=20)
    router = fitted(tiny(entry, copy), where)
    save_artifact(router, tmp_path / "artifact")
    shutil.rmtree(copy)
    loaded = load_artifact(tmp_path / "artifact")
    before, after = router.estimate(where.test), loaded.estimate(fresh(where.test))
    for name in ("mean", "se", "gap_se", "cost"):
        np.testing.assert_array_equal(getattr(before, name), getattr(after, name))


def test_the_callers_random_numbers_are_left_alone(model: Path) -> None:
    torch = pytest.importorskip("torch")
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    fitted(tiny(bert_classifier, model), plant("pairs", train=20, test=3))
    assert torch.equal(torch.rand(4), expected)


# -- refusals --------------------------------------------------------------------------------------------------


def without(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    installed = ("torch", "transformers")
    found = {name: None if name == package else "found" for name in installed}
    monkeypatch.setattr("routelab.router.estimators.reader.find_spec", found.get)


@pytest.mark.parametrize("package", ["torch", "transformers"])
def test_without_the_extra_it_says_what_to_install(
    package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without(monkeypatch, package)
    with pytest.raises(PrerequisiteError, match=rf"{package}.*pip install 'routelab\[torch\]'"):
        fitted(tiny(bert_classifier, tmp_path), world("pairs"))


def test_without_the_extra_an_artifact_says_so_too(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_artifact(fitted(tiny(bert_classifier, model), plant("pairs", train=20, test=3)), tmp_path)
    without(monkeypatch, "torch")
    with pytest.raises(PrerequisiteError, match=r"pip install 'routelab\[torch\]'"):
        load_artifact(tmp_path).route(QueryBatch.of(["hello"]))


def test_what_cannot_run_here_is_listed_and_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "torch")
    names = {entry.name for entry in ENTRIES}
    assert names <= set(registry.names("routelab.routers"))
    assert not names & set(contenders(whole=True))
    assert {entry.extra for entry in ENTRIES} == {"torch"}


@pytest.mark.usefixtures("model")
def test_a_model_that_is_not_here_is_named_with_its_remedy(tmp_path: Path) -> None:
    with pytest.raises(PrerequisiteError, match="hf download nobody/no-such-model"):
        fitted(tiny(bert_classifier, Path("nobody/no-such-model")), world("pairs"))


@pytest.mark.usefixtures("model")
def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PrerequisiteError, match=r"no config\.json"):
        fitted(tiny(bert_classifier, tmp_path), world("pairs"))


def test_a_recipe_without_the_text_is_refused(model: Path) -> None:
    with pytest.raises(InputError, match="verbatim"):
        fitted(structs.replace(tiny(bert_classifier, model), also=()), world("pairs"))
