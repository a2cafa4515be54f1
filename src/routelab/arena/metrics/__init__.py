"""Metrics: arrays in, value and interval out. They neither plot nor read files."""

from routelab.arena.metrics.arena_score import arena_score
from routelab.arena.metrics.curves import aiq, apgr, cpt, envelope, recovered_gap
from routelab.arena.metrics.details import Cut, calibration, cuts, losses, pick_entropy, recall_at_pick, slices

__all__ = [
    "Cut",
    "aiq",
    "apgr",
    "arena_score",
    "calibration",
    "cpt",
    "cuts",
    "envelope",
    "losses",
    "pick_entropy",
    "recall_at_pick",
    "recovered_gap",
    "slices",
]
