"""Profiles: the rules that turn graded calls into RouterArena's numbers, and the files they are read from."""

from routelab.arena.profiles.predictions import score_predictions
from routelab.arena.profiles.routerarena import PROFILES, Profile, arena_score
from routelab.arena.profiles.score import Rows, Scores, score_rows

__all__ = ["PROFILES", "Profile", "Rows", "Scores", "arena_score", "score_predictions", "score_rows"]
