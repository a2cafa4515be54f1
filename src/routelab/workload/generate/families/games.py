"""Games and sports: how single chess pieces move on an empty board, and what a league table says after some results.

The moves are our own few lines. Knows no captures, no openings and no rules beyond those it states.
"""

from __future__ import annotations

import json
from functools import cache
from itertools import pairwise, product

import numpy as np

from routelab.workload.generate.draws import integer, one_of, options, some_of, words
from routelab.workload.generate.family import Draft, Form, Level, family

Square = tuple[int, int]
SQUARES: list[Square] = list(product(range(8), range(8)))
_CLUBS = words("Reds Blues Greens Whites Blacks Golds Rovers Comets Lions Hawks Wolves Sharks")


def named(square: Square) -> str:
    """A square's name: file and rank, ``(0, 0)`` is a1."""
    return "abcdefgh"[square[0]] + str(square[1] + 1)


def reaches(piece: str, start: Square, goal: Square) -> bool:
    """Whether the piece goes from one square to another in one move on an empty board."""
    dx, dy = abs(start[0] - goal[0]), abs(start[1] - goal[1])
    straight, diagonal = (dx == 0) != (dy == 0), dx == dy != 0
    return {
        "rook": straight,
        "bishop": diagonal,
        "queen": straight or diagonal,
        "king": max(dx, dy) == 1,
        "knight": {dx, dy} == {1, 2},
    }[piece]


@cache
def moves_from(piece: str, start: Square) -> dict[Square, int]:
    """The fewest moves to every square that the piece can get to on an empty board, found breadth first."""
    found, edge = {start: 0}, [start]
    for square in edge:
        for goal in SQUARES:
            if goal not in found and reaches(piece, square, goal):
                found[goal] = found[square] + 1
                edge.append(goal)
    return found


@family("790", "chess", "choice", form=Form.CHOICE, bloom="apply", asks="knowledge")
def chess_piece_reach(rng: np.random.Generator, level: Level) -> Draft:
    """A rook along its file; a rook or bishop in one move; a knight or king in exactly two."""
    piece = one_of(rng, level.of(("rook",), ("rook", "bishop"), ("knight", "king")))
    moves = level.of(1, 1, 2)
    start = one_of(rng, SQUARES)
    needed = moves_from(piece, start)
    goals = [square for square, n in needed.items() if n == moves]
    right = one_of(rng, [square for square in goals if square[0] == start[0]] if level is Level.EASY else goals)
    others = [square for square in SQUARES if square != start and needed.get(square) != moves]
    wrong = sorted(map(named, some_of(rng, others, 3)))
    lettered, letter = options(rng, named(right), wrong)
    how = level.of("in one move", "in one move", "in two moves but not in one")
    return Draft(
        facts=f"{piece} {named(start)} {moves} {named(right)} | {' '.join(wrong)}",
        says=(
            f"On an empty chessboard, which square can a {piece} on {named(start)} reach {how}?\n{lettered}\n"
            "Reply with the letter A-D.",
            f"A {piece} stands alone on {named(start)}. Where can it be {how}?\n{lettered}\nReply with the letter A-D.",
            f"Chess, empty board, {piece} on {named(start)}: which of these squares does it reach {how}?\n{lettered}\n"
            "Reply with the letter A-D.",
        ),
        reference=letter,
    )


@family("790", "chess", "number", bloom="analyse", asks="knowledge", withheld=True)
def fewest_chess_moves(rng: np.random.Generator, level: Level) -> Draft:
    """A king along its file or rank; a king to any square; a knight to two squares in turn."""
    piece, start = level.of("king", "king", "knight"), one_of(rng, SQUARES)
    goals = [square for square in SQUARES if square != start]
    if level is Level.EASY:
        goals = [square for square in goals if reaches("rook", start, square)]
    route = [start, *some_of(rng, goals, level.of(1, 1, 2))]
    path = " and then to ".join(named(square) for square in route[1:])
    total = sum(moves_from(piece, a)[b] for a, b in pairwise(route))
    return Draft(
        facts=f"{piece} {' '.join(map(named, route))}",
        says=(
            f"How many moves does a {piece} need at least from {named(start)} to {path} on an empty chessboard? "
            "Reply with the number only.",
            f"A lone {piece} on {named(start)} goes to {path}. What is the fewest moves in total? "
            "Reply with the number only.",
            f"Empty chessboard: bring the {piece} from {named(start)} to {path}. Least number of moves? "
            "Reply with the number only.",
        ),
        reference=str(total),
    )


@family("790", "league-tables", "number", bloom="apply")
def league_points(rng: np.random.Generator, level: Level) -> Draft:
    """Wins and losses; wins and draws; with losses and a deduction."""
    team, most = one_of(rng, _CLUBS), level.of(10, 9, 14)
    wins, draws, losses, taken = (integer(rng, 2, n) for n in (most, most, 9, 9))
    rule = "A win gives 3 points, a draw 1, a loss 0."
    record, points = level.of(
        (f"{team} won {wins} games and lost {losses}", 3 * wins),
        (f"{team} won {wins} games and drew {draws}", 3 * wins + draws),
        (
            f"{team} won {wins} games, drew {draws}, lost {losses} and had {taken} points deducted",
            3 * wins + draws - taken,
        ),
    )
    asked = f"How many points do {team} have?"
    return Draft(
        facts=record,
        says=(
            f"{rule} {record}. {asked} Reply with the number only.",
            f"{record}. {rule} {asked} Reply with the number only.",
            f"{asked} {record}. {rule} Reply with the number only.",
        ),
        reference=str(points),
    )


@family("790", "league-tables", "table", form=Form.STRUCTURED, bloom="apply")
def league_standings(rng: np.random.Generator, level: Level) -> Draft:
    """Points given, two teams; points given, three teams; wins and draws, three teams."""
    teams = some_of(rng, _CLUBS, level.of(2, 3, 3))
    rule = level.of("", "", " A win gives 3 points, a draw 1.")
    points = dict.fromkeys(teams, 0)
    while len(set(points.values())) < len(teams):
        lines = []
        for team in teams:
            wins, draws = integer(rng, 2, 9), integer(rng, 2, 9)
            points[team] = 3 * wins + draws
            given = f"{points[team]} points"
            lines.append(f"{team} {level.of(given, given, f'{wins} wins, {draws} draws')}")
    shown = "; ".join(lines)
    rows = sorted(points.items(), key=lambda row: -row[1])
    return Draft(
        facts="; ".join(sorted(lines)),
        says=(
            f"{shown}.{rule} Give the league table, best first. Reply with a JSON array of rows [team, points].",
            f"Standings, most points first, from: {shown}.{rule} Reply with a JSON array of rows [team, points].",
            f"League: {shown}.{rule} Rank the teams by points. Reply with a JSON array of rows [team, points].",
        ),
        reference=json.dumps([list(row) for row in rows]),
    )
