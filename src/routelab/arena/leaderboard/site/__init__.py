"""The leaderboard as a static site: one page that needs no network, and the board to download."""

from routelab.arena.leaderboard.site.folder import site_files, write_site

__all__ = ["site_files", "write_site"]
