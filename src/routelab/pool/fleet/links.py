"""Links: every byte that moves occupies one, so that what moves at the same time waits for each other."""

from __future__ import annotations

import msgspec


class Link(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A queue of transfers, first come first served. ``gb_s``: 10^9 bytes a second. ``usd_per_gb``: for what leaves."""

    gb_s: float
    latency_s: float = 0.0
    usd_per_gb: float = 0.0
    free_at_s: float = 0.0
    moved_bytes: float = 0.0

    def send(self, now: float, size: float) -> float:
        """When a transfer that is asked for now has arrived."""
        start = max(now, self.free_at_s)
        self.free_at_s = start + size / (self.gb_s * 1e9)
        self.moved_bytes += size
        return self.free_at_s + self.latency_s
