"""Arithmetic stories in German, French and Spanish: one family a language, each with a story of its own.

Sentences were written in their language, not translated from one another.
"""

from __future__ import annotations

import numpy as np

from routelab.workload.generate.draws import integer, one_of, phrases, words
from routelab.workload.generate.family import Draft, Form, Level, family


@family("510", "arithmetic", "number", form=Form.MULTILINGUAL, bloom="apply", language="de")
def einkauf_auf_dem_markt(rng: np.random.Generator, level: Level) -> Draft:
    """One product; a product and change; two products and change."""
    name, ware = (
        one_of(rng, words("Anna Jonas Lena Max Clara Emil")),
        one_of(rng, words("Gläser Körbe Kisten Flaschen")),
    )
    n, price, note = integer(rng, 2, 9), integer(rng, *level.of((3, 20), (3, 20), (11, 60))), integer(rng, 5, 60)
    m, other = integer(rng, 3, 9), integer(rng, 3, 30)
    story, value = level.of(
        (f"{name} kauft {n} {ware} zu je {price} Euro. Wie viel Euro kostet das zusammen?", n * price),
        (
            f"{name} kauft {n} {ware} zu je {price} Euro und bezahlt mit {n * price + note} Euro. "
            "Wie viel Euro bekommt man zurück?",
            note,
        ),
        (
            f"{name} kauft {n} {ware} zu je {price} Euro und {m} Decken zu je {other} Euro. Bezahlt wird mit "
            f"{n * price + m * other + note} Euro. Wie viel Euro Rückgeld gibt es?",
            note,
        ),
    )
    return Draft(
        facts=story,
        says=(
            f"{story} Antworte nur mit der Zahl.",
            f"{story} Gib nur die Zahl an.",
            f"Löse die Aufgabe und antworte nur mit der Zahl: {story}",
            f"Rechne aus und gib nur die Zahl an. {story}",
        ),
        reference=str(value),
    )


@family("510", "arithmetic", "number", form=Form.MULTILINGUAL, bloom="apply", language="fr")
def trajet_en_train(rng: np.random.Generator, level: Level) -> Draft:
    """Hours of one round speed; of any speed; two stages."""
    ville, autre = one_of(rng, phrases("Lyon|Nantes|Lille|Dijon|Tours")), one_of(rng, phrases("Brest|Metz|Nice|Pau"))
    vite, lent = (
        level.of(10 * integer(rng, 4, 15), integer(rng, 80, 330), 5 * integer(rng, 17, 60)),
        10 * integer(rng, 4, 8),
    )
    h, k = integer(rng, 2, 9), integer(rng, 2, 6)
    trajet, demande = (
        f"Un train part de {ville} vers {autre} et roule {h} heures à {vite} km/h",
        "Combien de kilomètres",
    )
    story, value = f"{trajet}. {demande} parcourt-il ?", vite * h
    if level is Level.HARD:
        story = f"{trajet}, puis {k} heures à {lent} km/h. {demande} parcourt-il en tout ?"
        value += lent * k
    return Draft(
        facts=story,
        says=(
            f"{story} Réponds seulement par un nombre.",
            f"{story} Donne seulement le nombre.",
            f"Résous ce problème et réponds seulement par un nombre : {story}",
            f"Calcule et donne seulement le nombre. {story}",
        ),
        reference=str(value),
    )


_PARTES = {2: "la mitad", 3: "un tercio", 4: "un cuarto", 5: "un quinto"}


@family("510", "arithmetic", "number", form=Form.MULTILINGUAL, bloom="apply", language="es", withheld=True)
def reparto_de_la_cosecha(rng: np.random.Generator, level: Level) -> Draft:
    """One quotient; a loss, then a quotient; a sale of a part, then a quotient and a price."""
    fruta = one_of(rng, words("naranjas manzanas peras cerezas"))
    cajas, cada, malas = integer(rng, 2, 9), integer(rng, 3, 25), integer(rng, 2, 20)
    precio, parte = integer(rng, 2, 9), integer(rng, 2, 5)
    story, value = level.of(
        (
            f"Una familia recoge {cajas * cada} {fruta} y las reparte por igual en {cajas} cajas. "
            f"¿Cuántas {fruta} hay en cada caja?",
            cada,
        ),
        (
            f"Una familia recoge {cajas * cada + malas} {fruta}, tira {malas} que están malas y reparte el resto por "
            f"igual en {cajas} cajas. ¿Cuántas {fruta} hay en cada caja?",
            cada,
        ),
        (
            f"Una familia recoge {parte * cajas * cada + malas} {fruta}, tira {malas} y guarda {_PARTES[parte]} del "
            f"resto. Lo demás se vende en cajas de {cada} a {precio} euros la caja. ¿Cuántos euros ingresa?",
            (parte - 1) * cajas * precio,
        ),
    )
    return Draft(
        facts=story,
        says=(
            f"{story} Responde solo con el número.",
            f"{story} Da solo el número.",
            f"Resuelve el problema y responde solo con el número: {story}",
            f"Calcula y da solo el número. {story}",
        ),
        reference=str(value),
    )
