"""Rows in the layout of every public source, all invented here. The last one of each list has no usable answer
where ``HIDDEN`` says so."""

from __future__ import annotations

from typing import Any

Rows = list[dict[str, Any]]


def _superglue(label: str = "label", **texts: str) -> Rows:
    return [{key: f"{text} ({n})" for key, text in texts.items()} | {"idx": n, label: n % 2} for n in range(2)]


def _wmt(code: str, *texts: str) -> Rows:
    return [{"translation": {"en": f"The {n} swans sleep.", code: text}} for n, text in enumerate(texts)]


ROWS: dict[str, Rows] = {
    "AIME": [
        {"id": 0, "problem": "Find $2^3+1$.", "solution": "…", "answer": "9"},
        {"id": 1, "problem": "Find the remainder of $25$ by $7$.", "solution": "…", "answer": "004"},
    ],
    "ArcMMLU": [
        {"Question": "图书馆的目录用来做什么？", "A": "检索", "B": "烹饪", "C": "航海", "D": "绘画", "Answer": "A"},
        {"Question": "档案的特点是？", "A": "可口", "B": "原始记录性", "C": "易燃", "D": "透明", "Answer": "B"},
    ],
    "AsDiv": [
        {"body": "Ida picks 4 pears and 5 figs.", "question": "How many fruits?", "answer": "9 (fruits)"},
        {"body": "Ida walks at one, Bo at two.", "question": "Who walks later?", "answer": "Bo"},
        {"body": "Three pots, two lids.", "question": "How many of each?", "answer": "3 (pots); 2 (lids)"},
    ],
    "ChessInstruct": [
        {"task": "Name the missing move.", "input": '{"moves": ["e2e4", "?"]}', "expected_output": '{"move": "e7e5"}'},
        {"task": "Name the last move.", "input": "g1f3 ?", "expected_output": "d7d5"},
        {"task": "Who won?", "input": "e2e4", "expected_output": '{"winner": "white"}'},
    ],
    "Ethics_commonsense": [
        {"label": 0, "input": "I fed the neighbour's cat."},
        {"label": 1, "input": "I hid her keys."},
    ],
    "Ethics_deontology": [
        {"label": 1, "scenario": "Could you water the plants?", "excuse": "No, it rained on them."},
        {"label": 0, "scenario": "I am a lifeguard.", "excuse": "So I may sleep."},
    ],
    "Ethics_justice": [
        {"label": 1, "scenario": "I pay Eva more because she works longer."},
        {"label": 0, "scenario": "I pay Eva more because her name is short."},
    ],
    "Ethics_virtue": [
        {"label": 1, "scenario": "Tom ran into the fire to save the dog. [SEP] brave"},
        {"label": 0, "scenario": "Tom ate soup. [SEP] vengeful"},
    ],
    "FinQA": [
        {
            "pre_text": ["Sales rose .", "So did costs ."],
            "post_text": ["End ."],
            "table": [["year", "2020"], ["sales", "12"]],
            "question": "what were the sales?",
            "answer": "12",
        },
        {"pre_text": ["Costs fell ."], "post_text": [], "table": [["costs", "5"]], "question": "costs?", "answer": "5"},
        {"pre_text": [], "post_text": [], "table": [["x", "1"]], "question": "unanswered?", "answer": ""},
    ],
    "GPQA": [
        {
            "Question": "Which particle is heaviest?",
            "Correct Answer": "tau",
            "Incorrect Answer 1": "muon,\nor so",
            "Incorrect Answer 2": "electron",
            "Incorrect Answer 3": "photon",
            "High-level domain": "Physics",
        },
        {
            "Question": "Which bond is strongest?",
            "Correct Answer": "triple",
            "Incorrect Answer 1": "single",
            "Incorrect Answer 2": "double",
            "Incorrect Answer 3": "none",
            "High-level domain": "Chemistry",
        },
    ],
    "GSM8K": [
        {"question": "Two dozen minus four?", "answer": "24 - 4 = <<24-4=20>>20\n#### 20"},
        {"question": "A thousand and two?", "answer": "Add them.\n#### 1,002"},
    ],
    "GeoBench": [
        {
            "question": {
                "stem": "Which rock is volcanic?",
                "choices": [{"label": "A", "text": "chalk"}, {"label": "B", "text": "basalt"}],
            },
            "answerKey": "B",
        },
        {
            "question": {
                "stem": "Which is a sediment?",
                "choices": [{"label": "A", "text": "sandstone"}, {"label": "B", "text": "granite"}],
            },
            "answerKey": "A",
        },
    ],
    "GeoGraphyData": [
        {"question": "What is the capital of Norway?", "answer": "Oslo"},
        {"question": "Which river crosses Cairo?", "answer": "Nile"},
    ],
    "LiveCodeBench": [
        {"question_content": "Print the double of n.", "starter_code": "", "public_test_cases": '[{"input": "2"}]'},
        {"question_content": "Return n.", "starter_code": "def f(n):", "public_test_cases": '[{"input": "3"}]'},
    ],
    "MATH": [
        {"problem": "Halve 3.", "solution": "First \\boxed{6}? No: $\\boxed{\\frac{3}{2}}$.", "type": "Algebra"},
        {"problem": "Square 5.", "solution": "It is $\\boxed{25}$.", "type": "Algebra"},
        {"problem": "Prove it.", "solution": "There is nothing in a box.", "type": "Algebra"},
    ],
    "MMLU": [
        {
            "question": "7 is …?",
            "subject": "elementary_mathematics",
            "choices": ["even", "prime", "zero", "big"],
            "answer": 1,
        },
        {"question": "Odd one?", "subject": "miscellaneous", "choices": ["tea", "milk", "water", "stone"], "answer": 3},
    ],
    "MMLUPro": [
        {"question": "Which law fits?", "options": list("uvwxyz"), "answer": "F", "answer_index": 5, "category": "law"},
        {"question": "Which else?", "options": ["p", "q", "r"], "answer": "A", "answer_index": 0, "category": "other"},
    ],
    "MathQA": [
        {"Problem": "half of 8 ?", "options": "a ) 2 , b ) 4 , c ) rs . 1 , 5", "correct": "b", "category": "general"},
        {"Problem": "third of 9 ?", "options": "a ) 3 , b ) 4 , c ) none", "correct": "a", "category": "general"},
    ],
    "MedMCQA": [
        {"question": "Largest bone?", "opa": "femur", "opb": "ulna", "opc": "stapes", "opd": "rib", "cop": 0},
        {"question": "Pump of the blood?", "opa": "lung", "opb": "skin", "opc": "heart", "opd": "eye", "cop": 2},
        {"question": "Hidden?", "opa": "a", "opb": "b", "opc": "c", "opd": "d", "cop": -1},
    ],
    "MusicTheoryBench": [
        {
            "stem": "Which key?",
            "options": {"A": "C", "B": "D", "C": "E", "D": "F"},
            "answer": "A",
            "abc_score": "K:C\nCEG",
        },
        {
            "stem": "Beats in 3/4?",
            "options": {"A": "2", "B": "3", "C": "4", "D": "5"},
            "answer": "B",
            "abc_score": None,
        },
    ],
    "NarrativeQA": [
        {
            "document": {"summary": {"text": "Mo sails home."}},
            "question": {"text": "Where does Mo sail?"},
            "answers": [{"text": "home"}, {"text": "to his home"}],
        },
        {
            "document": {"summary": {"text": "Mo eats."}},
            "question": {"text": "What does Mo do?"},
            "answers": [{"text": "eats"}],
        },
        {"document": {"summary": {"text": "Mo rests."}}, "question": {"text": "Why?"}, "answers": []},
    ],
    "OpenTDB": [
        {
            "question": "What barks?",
            "category": "Animals",
            "correct_answer": "dog",
            "incorrect_answers": ["cat", "cow", "owl"],
        },
        {
            "question": "Is a film long?",
            "category": "Entertainment: Film",
            "correct_answer": "True",
            "incorrect_answers": ["False"],
        },
    ],
    "PubMedQA": [
        {
            "question": "Does rest help?",
            "context": {"contexts": ["We rested.", "They did not."]},
            "final_decision": "yes",
        },
        {"question": "Does tea help?", "context": {"contexts": ["We drank."]}, "final_decision": "maybe"},
    ],
    "QANTA": [
        {"first_sentence": "It flows through Vienna.", "page": "Danube", "category": "Geography"},
        {"first_sentence": "He wrote of a whale.", "page": "Herman_Melville", "category": "Literature"},
    ],
    "SocialiQA": [
        {
            "context": "Al hugged Bea.",
            "question": "How is Bea?",
            "answerA": "sad",
            "answerB": "glad",
            "answerC": "tall",
            "label": "2",
        },
        {
            "context": "Al fell.",
            "question": "How is Al?",
            "answerA": "hurt",
            "answerB": "rich",
            "answerC": "old",
            "label": "1",
        },
    ],
    "SuperGLUE-CausalReasoning": _superglue(premise="It rained.", choice1="Wet.", choice2="Dry.", question="effect"),
    "SuperGLUE-ClozeTest": [
        {
            "passage": "Ann met Bob in Rome.",
            "query": "@placeholder met Bob.",
            "entities": ["Ann", "Bob", "Rome"],
            "answers": ["Ann"],
        },
        {
            "passage": "Bob flew.",
            "query": "@placeholder flew.",
            "entities": ["Bob", "Bobby", "Rome"],
            "answers": ["Bob", "Bobby"],
        },
        {"passage": "Bob hid.", "query": "@placeholder hid.", "entities": ["Bob", "Rome"], "answers": []},
    ],
    "SuperGLUE-Entailment": _superglue(premise="All swans swim.", hypothesis="A swan swims."),
    "SuperGLUE-QA": _superglue(passage="Tea is a drink.", question="is tea a drink"),
    "SuperGLUE-RC": _superglue(paragraph="Tea is a drink.", question="What is tea?", answer="a drink"),
    "SuperGLUE-Wic": _superglue(word="bank", sentence1="The bank of a river.", sentence2="A bank lends."),
    "SuperGLUE-Wsc": _superglue(text="Tom called because he was late.", span1_text="Tom", span2_text="he"),
    "WMT19-cs-en": _wmt("cs", "Labutě spí.", "Labuť spí dlouho."),
    "WMT19-de-en": _wmt("de", "Die Schwäne schlafen.", "Ein Schwan schläft."),
    "WMT19-fi-en": _wmt("fi", "Joutsenet nukkuvat.", "Joutsen nukkuu."),
    "WMT19-gu-en": _wmt("gu", "હંસ ઊંઘે છે.", "હંસ."),
    "WMT19-kk-en": _wmt("kk", "Аққулар ұйықтайды.", "Аққу."),
    "WMT19-lt-en": _wmt("lt", "Gulbės miega.", "Gulbė miega."),
    "WMT19-ru-en": _wmt("ru", "Лебеди спят.", "Лебедь спит."),
    "WMT19-zh-en": _wmt("zh", "天鹅睡觉。", "一只天鹅。"),
}
HIDDEN = {"AsDiv", "ChessInstruct", "FinQA", "MATH", "MedMCQA", "NarrativeQA", "SuperGLUE-ClozeTest"}
