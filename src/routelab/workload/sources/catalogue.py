"""The public data sets that can be sources, under the names RouterArena gives them: one declarative table.

Repositories and licences are as their cards or their users state them in November 2026; check before you publish.
RouterArena draws from the same sets, often from the same split: a query read here may be one of its own.
"""

from __future__ import annotations

from routelab.workload.sources import divisions
from routelab.workload.sources.families import ETHICS, NO_TEST_LABELS, SUPERGLUE, WMT19
from routelab.workload.sources.layouts import (
    NAME_IT,
    SOLVE,
    Choices,
    Labels,
    Open,
    RightAndWrong,
)
from routelab.workload.sources.source import ByColumn, Source

_MOVE = "Answer with the move alone, from square to square as in e2e4, written as \\boxed{MOVE}."
_RETELL = "Answer in one short sentence from the context, written as \\boxed{ANSWER}."
_PROGRAM = (
    "Write a Python 3 program that reads standard input and prints the answer; where starter code is given, complete "
    "it instead. Give the whole program in one code block."
)
_ALL = (
    Source(
        name="AIME", repo="AI-MO/aimo-validation-aime", split="train", licence="Apache-2.0", metric="math_metric",
        division="510", layout=Open(question="{problem}", answer="{answer}", instruction=SOLVE), note="2022 to 2024",
    ),
    Source(
        name="ArcMMLU", repo="patrickshitou/ArcMMLU", split="test", licence="CC-BY-NC-SA-4.0", metric="mcq_accuracy",
        division="020", language="zh",
        layout=Choices(question="{Question}", options=("{A}", "{B}", "{C}", "{D}"), answer="{Answer}"),
        note="Chinese; RouterArena asks its own English translation",
    ),
    Source(
        name="AsDiv", repo="EleutherAI/asdiv", split="validation", licence="CC-BY-NC-4.0", metric="math_metric",
        division="510", note="the only split; problems with several answers are left out",
        layout=Open(
            question="{question}", context="{body}", answer="{answer}", instruction=SOLVE,
            pattern=r"([^(;]+?)\s*(?:\([^)]*\))?",
        ),
    ),
    Source(
        name="ChessInstruct", repo="Thytu/ChessInstruct", split="test", licence="CC-BY-4.0", metric="chess_accuracy",
        division="790", note="only tasks that ask for a single move",
        layout=Open(
            question="{task}\n{input}", answer="{expected_output}", instruction=_MOVE,
            pattern=r"[^:]*:?\W*([a-h][1-8][a-h][1-8][qrbn]?)\W*",
        ),
    ),
    *ETHICS,
    Source(
        name="FinQA", repo="rootsautomation/FinQA", split="test", licence="MIT", metric="math_metric", division="330",
        layout=Open(
            question="{question}", context="{pre_text}\n{table}\n{post_text}", answer="{answer}", instruction=SOLVE
        ),
    ),
    Source(
        name="GPQA", repo="Idavidrein/gpqa", config="gpqa_diamond", split="train", licence="CC-BY-4.0",
        metric="mcq_accuracy", division=ByColumn("{High-level domain}", divisions.GPQA, "500"),
        layout=RightAndWrong(
            question="{Question}", right="{Correct Answer}",
            wrong=("{Incorrect Answer 1}", "{Incorrect Answer 2}", "{Incorrect Answer 3}"),
        ),
        note="gated: accept its terms on the hub; do not publish its questions",
    ),
    Source(
        name="GSM8K", repo="openai/gsm8k", config="main", split="test", licence="MIT", metric="math_metric",
        division="510",
        layout=Open(question="{question}", answer="{answer}", instruction=SOLVE, pattern=r".*####\s*(\S.*)"),
    ),
    Source(
        name="GeoBench", repo="daven3/geobench", config="apstudy", split="test", licence="Apache-2.0",
        metric="mcq_accuracy", division="550",
        layout=Choices(question="{question[stem]}", options="question.choices", answer="{answerKey}"),
        note="geobenchmark_apstudy.json; where the hub has no Parquet of it, read it from a folder",
    ),
    Source(
        name="GeoGraphyData", repo=None, split="test", licence=None, metric="exact_match", division="910",
        layout=Open(question="{question}", answer="{answer}", instruction=NAME_IT),
        note="no public repository is known: a file with question and answer",
    ),
    Source(
        name="LiveCodeBench", repo="livecodebench/code_generation_lite", split="test", licence=None,
        metric="code_accuracy", division="000",
        layout=Open(
            question="{question_content}\n{starter_code}", answer="{public_test_cases}", instruction=_PROGRAM
        ),
        note="the reference is the public tests; no grader here runs them",
    ),
    Source(
        name="MATH", repo="DigitalLearningGmbH/MATH-lighteval", split="test", licence="MIT", metric="math_metric",
        division="510",
        layout=Open(question="{problem}", answer="{solution}", instruction=SOLVE, boxed=True),
    ),
    Source(
        name="MMLU", repo="cais/mmlu", config="all", split="test", licence="MIT", metric="mcq_accuracy",
        division=ByColumn("{subject}", divisions.MMLU, "000"),
        layout=Choices(question="{question}", options="choices", answer="{answer}"),
    ),
    Source(
        name="MMLUPro", repo="TIGER-Lab/MMLU-Pro", split="test", licence="MIT", metric="mcq_accuracy",
        division=ByColumn("{category}", divisions.MMLU_PRO, "000"),
        layout=Choices(question="{question}", options="options", answer="{answer_index}"),
    ),
    Source(
        name="MathQA", repo="allenai/math_qa", split="test", licence="Apache-2.0", metric="mcq_accuracy",
        division="510", layout=Choices(question="{Problem}", options="options", answer="{correct}"),
    ),
    Source(
        name="MedMCQA", repo="openlifescienceai/medmcqa", split="validation", licence="Apache-2.0",
        metric="mcq_accuracy", division="610", note=NO_TEST_LABELS,
        layout=Choices(question="{question}", options=("{opa}", "{opb}", "{opc}", "{opd}"), answer="{cop}"),
    ),
    Source(
        name="MusicTheoryBench", repo="m-a-p/MusicTheoryBench", split="test", licence="CC", metric="mcq_accuracy",
        division="780", note="its card says cc without naming which",
        layout=Choices(
            question="{stem}", context="{abc_score}", answer="{answer}",
            options=("{options[A]}", "{options[B]}", "{options[C]}", "{options[D]}"),
        ),
    ),
    Source(
        name="NarrativeQA", repo="deepmind/narrativeqa", split="test", licence="Apache-2.0", metric="meteor_score",
        division="800", note="about the summary; graded against the first of two answers; large files",
        layout=Open(
            question="{question[text]}", context="{document[summary][text]}", answer="{answers[0][text]}",
            instruction=_RETELL,
        ),
    ),
    Source(
        name="OpenTDB", repo=None, split="test", licence="CC-BY-SA-4.0", metric="mcq_accuracy",
        division=ByColumn("{category}", divisions.OPEN_TRIVIA, "790"),
        layout=RightAndWrong(question="{question}", right="{correct_answer}", wrong="incorrect_answers"),
        note="served by opentdb.com only: a file of the results of its interface, HTML entities decoded",
    ),
    Source(
        name="PubMedQA", repo="qiaojin/PubMedQA", config="pqa_labeled", split="train", licence="MIT",
        metric="mcq_accuracy", division="610",
        layout=Labels(
            question="{question}", context="{context[contexts]}", label="{final_decision}",
            options={"yes": "Yes", "no": "No", "maybe": "Maybe"},
        ),
    ),
    Source(
        name="QANTA", repo="community-datasets/qanta", config="mode=first,char_skip=25", split="guesstest",
        licence=None, metric="exact_match", division=ByColumn("{category}", divisions.QANTA, "030"),
        layout=Open(
            question="What is meant here?\n{first_sentence}", answer="{page}",
            instruction=f"{NAME_IT} Use the title of its article in the English Wikipedia.",
        ),
    ),
    Source(
        name="SocialiQA", repo="allenai/social_i_qa", split="validation", licence=None, metric="mcq_accuracy",
        division="360", note=NO_TEST_LABELS,
        layout=Choices(
            question="{question}", context="{context}", options=("{answerA}", "{answerB}", "{answerC}"),
            answer="{label}", first=1,
        ),
    ),
    *SUPERGLUE,
    *WMT19,
)  # fmt: skip

SOURCES: dict[str, Source] = {source.name: source for source in _ALL}
"""Every public data set, by RouterArena's name for it."""


def table() -> list[dict[str, str]]:
    """The catalogue as rows for the documentation: name, repo, split, licence, metric, division, note."""
    return [
        {
            "name": source.name,
            "repo": source.repo or "none known",
            "split": f"{source.config}/{source.split}" if source.config else source.split,
            "licence": source.licence or "unknown",
            "metric": source.metric,
            "division": source.division if isinstance(source.division, str) else f"by {source.division.column[1:-1]}",
            "note": source.note,
        }
        for source in SOURCES.values()
    ]
