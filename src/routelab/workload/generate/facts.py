"""Small fact tables written for this project: elements, countries, units. Common knowledge, one line each."""

from __future__ import annotations

from routelab.workload.generate.draws import words

_ELEMENT_ROWS = """hydrogen H 1|helium He 2|lithium Li 3|carbon C 6|nitrogen N 7|oxygen O 8|fluorine F 9
neon Ne 10|sodium Na 11|magnesium Mg 12|aluminium Al 13|silicon Si 14|phosphorus P 15|sulfur S 16
chlorine Cl 17|argon Ar 18|potassium K 19|calcium Ca 20|iron Fe 26|nickel Ni 28|copper Cu 29|zinc Zn 30
silver Ag 47|tin Sn 50|iodine I 53|tungsten W 74|platinum Pt 78|gold Au 79|mercury Hg 80|lead Pb 82
antimony Sb 51|uranium U 92"""
ELEMENTS = {
    name: (symbol, int(number))
    for line in _ELEMENT_ROWS.splitlines()
    for name, symbol, number in map(str.split, line.split("|"))
}

CAPITALS = {
    "easy": """France Paris|Germany Berlin|Italy Rome|Spain Madrid|Japan Tokyo|China Beijing
Russia Moscow|Egypt Cairo|Greece Athens|England London|Portugal Lisbon|Ireland Dublin|Austria Vienna
Poland Warsaw|Cuba Havana|Norway Oslo""",
    "medium": """Canada Ottawa|Australia Canberra|Turkey Ankara|Hungary Budapest|Finland Helsinki
Kenya Nairobi|Peru Lima|Iraq Baghdad|Thailand Bangkok|Vietnam Hanoi|Chile Santiago|Denmark Copenhagen
Ukraine Kyiv|Iran Tehran|Nepal Kathmandu|Bulgaria Sofia""",
    "hard": """Mongolia Ulaanbaatar|Bhutan Thimphu|Zambia Lusaka|Kazakhstan Astana|Slovenia Ljubljana
Uganda Kampala|Laos Vientiane|Paraguay Asunción|Moldova Chisinau|Botswana Gaborone|Malawi Lilongwe
Tajikistan Dushanbe|Mali Bamako|Suriname Paramaribo|Fiji Suva|Eritrea Asmara|Senegal Dakar|Azerbaijan Baku
Estonia Tallinn|Niger Niamey""",
}

CONTINENTS = {
    "Africa": words("Egypt Kenya Zambia Mali Uganda Senegal Malawi Botswana Eritrea Niger"),
    "Asia": words("Japan China Thailand Vietnam Nepal Laos Mongolia Bhutan Iraq Tajikistan"),
    "Europe": words("France Germany Norway Finland Slovenia Moldova Estonia Hungary Portugal Bulgaria"),
    "South America": words("Chile Peru Paraguay Suriname Brazil Ecuador Bolivia Uruguay Guyana Colombia"),
}

EXACT_UNITS = (
    ("kilometres", "metres", 1000),
    ("metres", "centimetres", 100),
    ("kilograms", "grams", 1000),
    ("hours", "minutes", 60),
    ("minutes", "seconds", 60),
    ("litres", "millilitres", 1000),
    ("days", "hours", 24),
    ("weeks", "days", 7),
    ("tonnes", "kilograms", 1000),
    ("centimetres", "millimetres", 10),
)
