"""Data sets of many parts, each part a source of its own: ETHICS, SuperGLUE and the pairs of WMT19."""

from __future__ import annotations

from routelab.workload.sources.layouts import YES_OR_NO, Choices, Cloze, Labels, Layout, Open
from routelab.workload.sources.source import Source

NO_TEST_LABELS = "test labels are not public: validation"
_LANGUAGES = {
    "cs": "Czech",
    "de": "German",
    "fi": "Finnish",
    "gu": "Gujarati",
    "kk": "Kazakh",
    "lt": "Lithuanian",
    "ru": "Russian",
    "zh": "Chinese",
}


def _ethics(part: str, question: str, *options: str) -> Source:
    """ETHICS: label 0 and label 1 in words."""
    labels = dict(zip("01", options))
    return Source(
        name=f"Ethics_{part}", repo="hendrycks/ethics", config=part, split="test", licence="MIT",
        metric="mcq_accuracy", division="170", layout=Labels(question=question, label="{label}", options=labels),
    )  # fmt: skip


def _superglue(part: str, config: str, layout: Layout, metric: str = "superglue_exact_match") -> Source:
    return Source(
        name=f"SuperGLUE-{part}", repo="aps/super_glue", config=config, split="validation", licence=None,
        metric=metric, division="400", layout=layout, note=f"{NO_TEST_LABELS}; each part has terms of its own",
    )  # fmt: skip


def _verdict(question: str, context: str = "", *, yes: str = "1", no: str = "0") -> Open:
    return Open(
        question=question, context=context, answer="{label}", instruction=YES_OR_NO, words={yes: "Yes", no: "No"}
    )


def _wmt(code: str, language: str) -> Source:
    layout = Open(
        question=f"Translate this English text into {language}:\n{{translation[en]}}",
        answer=f"{{translation[{code}]}}",
        instruction=f"Give the {language} text alone, written as \\boxed{{TRANSLATION}}.",
    )
    return Source(
        name=f"WMT19-{code}-en", repo="wmt/wmt19", config=f"{code}-en", split="validation", licence=None,
        metric="meteor_score", division="400", layout=layout, language=code,
        note=f"from English, against the pair's name; {NO_TEST_LABELS}",
    )  # fmt: skip


ETHICS = (
    _ethics("commonsense", "Is what the narrator does acceptable?\n{input}", "Acceptable", "Clearly wrong"),
    _ethics(
        "deontology", "Is the reply a reasonable one?\nRequest or role: {scenario}\nReply: {excuse}", "No", "Yes"
    ),
    _ethics("justice", "Is the reason given in this statement a reasonable one?\n{scenario}", "No", "Yes"),
    _ethics(
        "virtue", "A scene and a trait stand on either side of [SEP]. Does the scene show that trait?\n{scenario}",
        "No", "Yes",
    ),
)  # fmt: skip
SUPERGLUE = (
    _superglue(
        "CausalReasoning", "copa",
        Choices(
            question="Which of the options is more likely the {question} of what the context says?",
            context="{premise}", options=("{choice1}", "{choice2}"), answer="{label}",
        ),
        "mcq_accuracy",
    ),
    _superglue(
        "ClozeTest", "record",
        Cloze(question="Which name belongs at @placeholder?\n{query}", context="{passage}", names="entities",
              answers="answers"),
        "superglue_clozetest",
    ),
    _superglue(
        "Entailment", "rte",
        _verdict("Does the context entail this statement?\n{hypothesis}", "{premise}", yes="0", no="1"),
    ),
    _superglue("QA", "boolq", _verdict("{question}?", "{passage}")),
    _superglue(
        "RC", "multirc",
        _verdict("{question}\nSomebody answers: {answer}\nDoes the context bear this answer out?", "{paragraph}"),
    ),
    _superglue(
        "Wic", "wic",
        _verdict('Does "{word}" mean the same in both sentences?\n1. {sentence1}\n2. {sentence2}'),
    ),
    _superglue(
        "Wsc", "wsc",
        _verdict('In this text, does "{span2_text}" stand for "{span1_text}"?\n{text}'),
    ),
)  # fmt: skip
WMT19 = tuple(_wmt(code, language) for code, language in _LANGUAGES.items())
