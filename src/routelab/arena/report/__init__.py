"""What people see: one result, rendered as a page, a table and a picture. Computes no metric."""

from routelab.arena.report.headline import Headline, headline
from routelab.arena.report.html import render_html, write_html
from routelab.arena.report.plot import write_png
from routelab.arena.report.schema import Result, as_result, read_json, read_result
from routelab.arena.report.tables import leaderboard_markdown, leaderboard_table

__all__ = [
    "Headline",
    "Result",
    "as_result",
    "headline",
    "leaderboard_markdown",
    "leaderboard_table",
    "read_json",
    "read_result",
    "render_html",
    "write_html",
    "write_png",
]
