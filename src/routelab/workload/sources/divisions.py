"""Which Dewey division the subjects of public data sets belong to. Plain data, decided by hand."""

from __future__ import annotations

from collections.abc import Mapping


def _by_division(**subjects: str) -> dict[str, str]:
    """``d510="algebra, geometry"`` as subject to division."""
    return {subject: key[1:] for key, listed in subjects.items() for subject in listed.split(", ")}


MMLU: Mapping[str, str] = _by_division(
    d000="college_computer_science, computer_security, high_school_computer_science, machine_learning",
    d100="philosophy",
    d150="high_school_psychology, professional_psychology",
    d160="formal_logic, logical_fallacies",
    d170="moral_disputes, moral_scenarios, business_ethics",
    d200="world_religions",
    d300="sociology, human_sexuality",
    d320="high_school_government_and_politics, security_studies, us_foreign_policy",
    d330="econometrics, high_school_macroeconomics, high_school_microeconomics",
    d340="international_law, jurisprudence, professional_law",
    d510="abstract_algebra, college_mathematics, elementary_mathematics, high_school_mathematics, "
    "high_school_statistics",
    d520="astronomy",
    d530="college_physics, conceptual_physics, high_school_physics",
    d540="college_chemistry, high_school_chemistry",
    d570="college_biology, high_school_biology",
    d610="anatomy, clinical_knowledge, college_medicine, human_aging, medical_genetics, nutrition, "
    "professional_medicine, virology",
    d620="electrical_engineering",
    d650="management, marketing, professional_accounting, public_relations",
    d900="high_school_world_history",
    d910="high_school_geography",
    d930="prehistory",
    d940="high_school_european_history",
    d970="high_school_us_history",
)
"""The other two subjects, global facts and miscellaneous, are general works: 000."""

MMLU_PRO: Mapping[str, str] = {
    "biology": "570",
    "business": "330",
    "chemistry": "540",
    "computer science": "000",
    "economics": "330",
    "engineering": "620",
    "health": "610",
    "history": "900",
    "law": "340",
    "math": "510",
    "philosophy": "100",
    "physics": "530",
    "psychology": "150",
}
GPQA: Mapping[str, str] = {"Physics": "530", "Chemistry": "540", "Biology": "570"}
QANTA: Mapping[str, str] = {
    "Fine Arts": "700",
    "Geography": "910",
    "History": "900",
    "Literature": "800",
    "Mythology": "390",
    "Philosophy": "100",
    "Religion": "200",
    "Science": "500",
    "Social Science": "300",
}
OPEN_TRIVIA: Mapping[str, str] = {
    "Animals": "590",
    "Art": "700",
    "Celebrities": "920",
    "Entertainment: Books": "800",
    "Entertainment: Music": "780",
    "Entertainment: Musicals & Theatres": "780",
    "General Knowledge": "000",
    "Geography": "910",
    "History": "900",
    "Mythology": "390",
    "Politics": "320",
    "Science & Nature": "500",
    "Science: Computers": "000",
    "Science: Gadgets": "600",
    "Science: Mathematics": "510",
    "Vehicles": "620",
}
"""What is not here (films, games, sports, television) is entertainment: 790."""

ROUTERARENA: Mapping[str, str] = {
    "Animals (Zoology)": "590",
    "Arts": "700",
    "Biography and genealogy": "920",
    "Biology": "570",
    "Chemistry": "540",
    "Computer science, knowledge, and systems": "000",
    "Earth sciences and geology": "550",
    "Economics": "330",
    "Engineering": "620",
    "Ethics": "170",
    "Geography": "910",
    "History": "900",
    "Language": "400",
    "Law": "340",
    "Library and information sciences": "020",
    "Literature, rhetoric and criticism": "800",
    "Management and public relations": "650",
    "Mathematics": "510",
    "Medicine and health": "610",
    "Music": "780",
    "Philosophical logic": "160",
    "Philosophy": "100",
    "Physics": "530",
    "Psychology": "150",
    "Science": "500",
    "Social problems": "360",
    "Social sciences, sociology, and anthropology": "300",
    "Sports, games and entertainment": "790",
}
