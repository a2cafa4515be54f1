"""Look-up: one attribute of one named thing, from libraries of facts.

Chemical elements and formulas, countries and cities, names of days, months and countries in other languages, and
dates written in another language. Needs the extra ``atlas``. Facts are looked up, never computed with: a question that
goes on from the fact is not answered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from routelab.pool.live.tools import facts
from routelab.pool.live.tools.prompt import Prompt

_WORD = r"[^\W\d_](?:[\w'’.-]*\w)?"
_NAME = rf"{_WORD}(?: {_WORD}){{0,4}}?"
_END = r"(?=\s*[?.,;:!\n]|\s*$)"


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text.replace("NAME", _NAME) + _END, re.IGNORECASE)


_ELEMENT = _pattern(r"\b(symbol|atomic number|atomic (?:mass|weight)) (?:of|for) (?:the element )?(NAME)")
_ELEMENT_BY = _pattern(r"\belement (?:has|with) (?:the )?(symbol|atomic number) (\w+)")
_MOLAR = _pattern(r"\b(?:molar mass|molecular (?:mass|weight)) of ((?:[A-Z][a-z]?\d*|[()]\d*)+)")
_COUNTRY_FACT = _pattern(r"\b(capital|currency|continent|population|area)(?: city)? of (?:the )?(NAME)")
_COUNTRY_OF = [
    _pattern(r"\b(?:which|what) country is (?:the city(?: of)? )?(NAME)(?: in| located in)?"),
    _pattern(r"\b(?:which|what) country does (NAME) (?:lie|belong)(?: in| to)?"),
]
_PLACE_IN = _pattern(
    r"\bwhich (?:of these |one of these )?(?:city|cities|place|town) (?:is|are|lies) in (?:the )?(NAME)"
)
_PAIRED = re.compile(r"\bcity\b[^?]*\bcountry\b|\bcountry\b[^?]*\bcity\b", re.IGNORECASE)
_FALSE = re.compile(r"\b(?:wrong|false|incorrect|not)\b", re.IGNORECASE)
_TRUE = re.compile(r"\b(?:right|true|correct)\b", re.IGNORECASE)
_TRANSLATED = [
    _pattern(r"\bthe (?P<language>[A-Z]\w+) (?:word|name|term) (?:for|of) (?P<word>NAME)"),
    _pattern(r"\b(?:what is|translate|say|write) [\"“'‘]?(?P<word>NAME)[\"”'’]? (?:in|into) (?P<language>[A-Z]\w+)"),
]
_ISO_ASKED = re.compile(r"\bYYYY-MM-DD\b|\bISO 8601\b")
_DATE = re.compile(r"(?<!\d)(\d{1,2})\.?º? (?:de |d['’])?([^\W\d_]{3,20})(?: de)? (\d{4})(?!\d)")
_RECKONED = re.compile(r"\b(?:days?|weeks?|months?|years?|after|before|later|earlier)\b", re.IGNORECASE)
_KEYS = {"capital": "capital", "currency": "currencyname", "population": "population", "area": "areakm2"}


def answer(prompt: Prompt) -> str | None:
    """The fact asked for, None where the text asks for none that is known."""
    for look in (_element, _formula, _country, _city, _options, _date, _translated):
        found = look(prompt)
        if found is not None:
            return found
    return None


def _element(prompt: Prompt) -> str | None:
    if match := _ELEMENT.search(prompt.text):
        element = facts.elements().get(match[2].lower())
        attribute = {"symbol": "symbol", "atomic number": "number"}.get(match[1].lower(), "mass")
        return None if element is None else str(getattr(element, attribute))
    if match := _ELEMENT_BY.search(prompt.text):
        for element in facts.elements().values():
            if match[2] in (element.symbol, str(element.number)):
                return str(element.name)
    return None


def _formula(prompt: Prompt) -> str | None:
    match = _MOLAR.search(prompt.text)
    if match is None:
        return None
    mass = facts.molar_mass(match[1])
    return None if mass is None else f"{mass:.6g}"


def _country(prompt: Prompt) -> str | None:
    match = _COUNTRY_FACT.search(prompt.text)
    country = facts.countries().get(match[2].casefold()) if match else None
    if match is None or country is None:
        return None
    if match[1].lower() == "continent":
        return facts.CONTINENTS[country["continentcode"]]
    return str(country[_KEYS[match[1].lower()]]) or None


def _city(prompt: Prompt) -> str | None:
    for pattern in _COUNTRY_OF:
        if match := pattern.search(prompt.text):
            where = facts.cities().get(match[1].casefold())
            return where[0] if where else None
    return None


def _options(prompt: Prompt) -> str | None:
    """The only option that is a city of the country named, or the only right (or wrong) pair of city and country."""
    if match := _PLACE_IN.search(prompt.text):
        return _only(prompt.options, lambda option: _lies_in(option, match[1]))
    wrong, right = _FALSE.search(prompt.text), _TRUE.search(prompt.text)
    if not _PAIRED.search(prompt.text) or bool(wrong) == bool(right):
        return None
    return _only(prompt.options, lambda option: _lies_in(*option.rsplit(", ", 1)) != bool(wrong))


def _only(options: Mapping[str, str], fits: Callable[[str], bool]) -> str | None:
    fitting = [option for option in options.values() if fits(option)]
    return fitting[0] if len(fitting) == 1 else None


def _lies_in(city: str, country: str = "") -> bool:
    named = facts.countries().get(country.casefold())
    return named is not None and named["name"] in facts.cities().get(city.casefold(), ())


def _date(prompt: Prompt) -> str | None:
    """A date in the form YYYY-MM-DD, where only one is written and nothing is reckoned from it."""
    found = _DATE.findall(prompt.text)
    if len(found) != 1 or not _ISO_ASKED.search(prompt.text) or _RECKONED.search(prompt.text):
        return None
    day, month, year = found[0]
    numbers = facts.month_numbers().get(month.casefold(), set())
    return f"{year}-{min(numbers):02}-{int(day):02}" if len(numbers) == 1 and int(day) <= 31 else None


def _translated(prompt: Prompt) -> str | None:
    for pattern in _TRANSLATED:
        for match in pattern.finditer(prompt.text):
            found = facts.translated(match["word"], match["language"])
            if found is not None:
                return found
    return None
