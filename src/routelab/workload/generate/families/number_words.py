"""Numbers and dates in other languages: how German, French, Italian and Spanish spell 1 to 9999, and babel's dates.

The spelling rules are our own small functions; the names of months are those of the CLDR. Prompts on number words are
in the language they ask about. Knows no grammar beyond these names.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import numpy as np

from routelab.core.errors import need_extra
from routelab.workload.generate.draws import integer, one_of, words
from routelab.workload.generate.family import Draft, Form, Level, family

_DE = words("""null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn
siebzehn achtzehn neunzehn""")
_DE_TENS = words("- - zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig")
_FR = words("""zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept
dix-huit dix-neuf""")
_FR_TENS = words("- - vingt trente quarante cinquante soixante soixante quatre-vingt quatre-vingt")
_IT = words("""zero uno due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici
sedici diciassette diciotto diciannove""")
_IT_TENS = words("- - venti trenta quaranta cinquanta sessanta settanta ottanta novanta")
_ES = words("""cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis
diecisiete dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete
veintiocho veintinueve""")
_ES_TENS = words("- - - treinta cuarenta cincuenta sesenta setenta ochenta noventa")
_ES_HUNDREDS = words("""- ciento doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos
novecientos""")


def german(n: int) -> str:
    """A number from 1 to 9999 in German words.

    >>> german(2021)
    'zweitausendeinundzwanzig'
    """
    for size, name in ((1000, "tausend"), (100, "hundert")):
        if n >= size:
            head = "ein" if n // size == 1 else german(n // size)
            return head + name + (german(n % size) if n % size else "")
    if n < 20:
        return _DE[n]
    tens, unit = divmod(n, 10)
    head = "ein" if unit == 1 else _DE[unit]
    return f"{head}und{_DE_TENS[tens]}" if unit else _DE_TENS[tens]


def french(n: int) -> str:
    """A number from 1 to 9999 in the French of France, with the traditional hyphens.

    >>> french(1991), french(280)
    ('mille neuf cent quatre-vingt-onze', 'deux cent quatre-vingts')
    """
    if n >= 1000:
        head = "mille" if n < 2000 else f"{french(n // 1000)} mille"
        return f"{head} {french(n % 1000)}" if n % 1000 else head
    if n >= 100:
        hundreds, rest = divmod(n, 100)
        head = "cent" if hundreds == 1 else f"{_FR[hundreds]} cent"
        return f"{head} {french(rest)}" if rest else head + "s" * (hundreds > 1)
    if n < 20:
        return _FR[n]
    if n == 80:
        return "quatre-vingts"
    tens = n // 10
    rest = n - 10 * (tens - (tens in (7, 9)))
    if rest in (1, 11) and tens < 8:
        return f"{_FR_TENS[tens]} et {_FR[rest]}"
    return f"{_FR_TENS[tens]}-{_FR[rest]}" if rest else _FR_TENS[tens]


def italian(n: int) -> str:
    """A number from 1 to 9999 in Italian words.

    >>> italian(1828), italian(23)
    ('milleottocentoventotto', 'ventitré')
    """
    if n >= 1000:
        head = "mille" if n < 2000 else italian(n // 1000) + "mila"
        return head + _italian_tail(n % 1000)
    if n >= 100:
        head = ("" if n < 200 else _IT[n // 100]) + "cento"
        return (head[:-1] if 80 <= n % 100 < 90 else head) + _italian_tail(n % 100)
    if n < 20:
        return _IT[n]
    tens, unit = divmod(n, 10)
    name = _IT_TENS[tens][:-1] if unit in (1, 8) else _IT_TENS[tens]
    return name + ("tré" if unit == 3 else _IT[unit] if unit else "")


def _italian_tail(n: int) -> str:
    return "tré" if n == 3 else italian(n) if n else ""


def spanish(n: int) -> str:
    """A number from 1 to 9999 in Spanish words.

    >>> spanish(1531), spanish(100)
    ('mil quinientos treinta y uno', 'cien')
    """
    if n >= 1000:
        head = "mil" if n < 2000 else f"{_ES[n // 1000]} mil"
        return f"{head} {spanish(n % 1000)}" if n % 1000 else head
    if n >= 100:
        rest = n % 100
        return "cien" if n == 100 else _ES_HUNDREDS[n // 100] + (f" {spanish(rest)}" if rest else "")
    if n < 30:
        return _ES[n]
    tens, unit = divmod(n, 10)
    return f"{_ES_TENS[tens]} y {_ES[unit]}" if unit else _ES_TENS[tens]


def _spelt(
    rng: np.random.Generator,
    level: Level,
    spell: Callable[[int], str],
    things: list[str],
    read: tuple[str, ...],
    add: tuple[str, ...],
) -> Draft:
    """A number of things to read; one number and a small one to add; two numbers to add."""
    if level is Level.EASY:
        templates, drawn = read, [10 * integer(rng, 0, 9) + integer(rng, 2, 9)]
        spoken = shown = f"{spell(drawn[0])} {one_of(rng, things)}"
    else:
        templates, drawn = (
            add,
            [integer(rng, 21, level.of(0, 99, 199)), integer(rng, *level.of((0, 0), (1, 9), (21, 199)))],
        )
        shown = " + ".join(map(spell, drawn))
        spoken = "+".join(map(str, sorted(drawn)))
    return Draft(
        facts=spoken,
        says=tuple(template.format(shown) for template in templates),
        reference=str(sum(drawn)),
    )


@family("430", "number-words", "number", form=Form.MULTILINGUAL, bloom="apply", asks="knowledge", language="de")
def german_number_words(rng: np.random.Generator, level: Level) -> Draft:
    """A number of things to read; a small number to add; two numbers to add."""
    return _spelt(
        rng,
        level,
        german,
        words("Äpfel Bücher Stühle Lampen Karten Briefe Blumen Steine Vögel Fische Tassen Schiffe"),
        (
            "Schreibe die Zahl in Ziffern: {}. Antworte nur mit der Zahl.",
            "Wie viele sind „{}“? Antworte nur mit der Zahl in Ziffern.",
            "Welche Zahl steht hier: {}? Antworte nur in Ziffern.",
        ),
        (
            "Wie viel ist {}? Antworte nur mit der Zahl in Ziffern.",
            "Rechne: {} = ? Antworte nur mit der Zahl in Ziffern.",
            "Addiere: {}. Nenne nur die Summe in Ziffern.",
        ),
    )


@family("440", "number-words", "number", form=Form.MULTILINGUAL, bloom="apply", asks="knowledge", language="fr")
def french_number_words(rng: np.random.Generator, level: Level) -> Draft:
    """A number of things to read; a small number to add; two numbers to add."""
    return _spelt(
        rng,
        level,
        french,
        words("livres crayons chevaux bateaux gâteaux arbres oiseaux sacs ballons poissons couteaux verres"),
        (
            "Écris le nombre en chiffres : {}. Réponds seulement par le nombre.",
            "Combien y a-t-il dans « {} » ? Réponds seulement en chiffres.",
            "Quel nombre lit-on ici : {} ? Réponds seulement en chiffres.",
        ),
        (
            "Combien font {} ? Réponds seulement par le nombre en chiffres.",
            "Calcule : {} = ? Réponds seulement par le nombre en chiffres.",
            "Additionne : {}. Donne seulement la somme en chiffres.",
        ),
    )


@family("450", "number-words", "number", form=Form.MULTILINGUAL, bloom="apply", asks="knowledge", language="it")
def italian_number_words(rng: np.random.Generator, level: Level) -> Draft:
    """A number of things to read; a small number to add; two numbers to add."""
    return _spelt(
        rng,
        level,
        italian,
        words("libri cavalli gatti cani fiori alberi sassi pesci piatti tavoli treni cappelli"),
        (
            "Scrivi il numero in cifre: {}. Rispondi solo con il numero.",
            "Quanti sono «{}»? Rispondi solo in cifre.",
            "Che numero si legge qui: {}? Rispondi solo in cifre.",
        ),
        (
            "Quanto fa {}? Rispondi solo con il numero in cifre.",
            "Calcola: {} = ? Rispondi solo con il numero in cifre.",
            "Somma: {}. Dai solo il totale in cifre.",
        ),
    )


@family(
    "460",
    "number-words",
    "number",
    form=Form.MULTILINGUAL,
    bloom="apply",
    asks="knowledge",
    language="es",
    withheld=True,
)
def spanish_number_words(rng: np.random.Generator, level: Level) -> Draft:
    """A number of things to read; a small number to add; two numbers to add."""
    return _spelt(
        rng,
        level,
        spanish,
        words("libros caballos gatos perros árboles peces platos trenes sombreros barcos vasos relojes"),
        (
            "Escribe el número en cifras: {}. Responde solo con el número.",
            "¿Cuántos son «{}»? Responde solo en cifras.",
            "¿Qué número se lee aquí: {}? Responde solo en cifras.",
        ),
        (
            "¿Cuánto es {}? Responde solo con el número en cifras.",
            "Calcula: {} = ? Responde solo con el número en cifras.",
            "Suma: {}. Da solo el total en cifras.",
        ),
    )


_LOCALES = {
    Level.EASY: words("de fr es it pt nl sv"),
    Level.MEDIUM: words("de fr es it pt nl sv pl ro da"),
    Level.HARD: words("pl cs fi hu tr hr lt id"),
}


def _written(day: dt.date, locale: str) -> str:
    try:
        from babel.dates import format_date
    except ImportError:
        raise need_extra("babel", "atlas", "writing dates in other languages") from None
    return format_date(day, "d MMMM y", locale=locale)


@family(
    "490",
    "dates-in-languages",
    "word",
    form=Form.MULTILINGUAL,
    bloom="apply",
    asks="knowledge",
    language="mul",
    source="babel (BSD-3-Clause), names from Unicode CLDR (Unicode-3.0)",
)
def foreign_date(rng: np.random.Generator, level: Level) -> Draft:
    """One date in a large European language; the later of two; the day after the latest of three, smaller languages."""
    days = {dt.date(integer(rng, 1900, 2030), 1, 1) + dt.timedelta(days=integer(rng, 0, 364))}
    year = min(days).year
    while len(days) < level.of(1, 2, 3):
        days.add(dt.date(year, 1, 1) + dt.timedelta(days=integer(rng, 0, 364)))
    shown = {_written(day, one_of(rng, _LOCALES[level])): day for day in sorted(days)}
    listed = "; ".join(list(shown)[:: one_of(rng, (1, -1))])
    which = level.of("this date", "the later of these two dates", "the day after the latest of these three dates")
    right = max(days) + dt.timedelta(days=level.of(0, 0, integer(rng, 10, 40)))
    if level is Level.HARD:
        which = f"the date {(right - max(days)).days} days after the latest of these three"
    return Draft(
        facts=" ".join(sorted(shown)) + which,
        says=(
            f"Write {which} as YYYY-MM-DD: {listed}",
            f"{listed}. Give {which} in the form YYYY-MM-DD, nothing else.",
            f"Here is a note: {listed}. Reply with {which}, written YYYY-MM-DD.",
        ),
        reference=right.isoformat(),
    )
