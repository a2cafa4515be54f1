"""A season of the procedural suite: which key its items are drawn with, and how it is proven that nobody knew it.

The key of a *hidden* season is SHA-256(secret ‖ beacon). The commitment, SHA-256(label ‖ season ‖ secret), is published
before; the beacon is a public value that nobody could know when the entries were frozen; the secret is revealed when
the season closes, and anyone can then draw the season again. An *open* season has a key that everybody knows.

Every item has a seed of its own, an HMAC under the season's key: unlike with libraries that count up from a seed,
neighbouring seasons share no draws. Knows no families.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path

import msgspec
import numpy as np

from routelab.core import InputError
from routelab.core.files import usable

SLICES = 8
SECRET_BYTES = 16
_COMMIT = b"routelab/atlas/commitment/"
_OPEN = b"routelab/atlas/open/"
_HEX = re.compile(rb"[0-9a-fA-F]{32,128}")
_LONGEST = 1024


class Season(msgspec.Struct, frozen=True):
    """One season; ``commitment`` is None where the season is open. The key never leaves the process."""

    number: int
    key: bytes
    commitment: str | None = None
    beacon: str | None = None

    @property
    def is_open(self) -> bool:
        return self.commitment is None

    @property
    def name(self) -> str:
        """Prefix of the items' ids: an open season by its number, a hidden one by its key's print as well.

        >>> open_season(1).name
        'atlas-1'
        """
        return f"atlas-{self.number}" + ("" if self.is_open else f"-{hashlib.sha256(self.key).hexdigest()[:8]}")

    def rng(self, *names: str | int) -> np.random.Generator:
        """The random stream of one item, from the HMAC of its name under the season's key."""
        mac = hmac.new(self.key, "\x1f".join(map(str, names)).encode(), hashlib.sha256)
        return np.random.default_rng(int.from_bytes(mac.digest()[:16], "big"))

    def owns(self, facts: str) -> bool:
        """Whether an item with these facts may occur in this season: a season owns one slice of eight of them.

        >>> [open_season(n).owns("2+2") for n in range(1, 9)].count(True)
        1
        """
        return hashlib.sha256(facts.encode()).digest()[0] % SLICES == self.number % SLICES


def open_season(number: int) -> Season:
    """The season that everybody can draw; raises InputError for a number below 1."""
    return Season(_checked(number), hashlib.sha256(_OPEN + str(number).encode()).digest())


def hidden_season(number: int, secret: bytes, beacon: str | None) -> Season:
    """The season of a secret and a public beacon (None: no beacon, which is said in the suite's manifest)."""
    key = hashlib.sha256(secret + _public(beacon)).digest()
    return Season(_checked(number), key, commitment(number, secret), beacon)


def commitment(number: int, secret: bytes) -> str:
    """What is published before a season: it binds the secret and tells nothing of it.

    >>> commitment(1, b"0" * 16) == commitment(2, b"0" * 16)
    False
    """
    return hashlib.sha256(_COMMIT + str(number).encode() + b"/" + secret).hexdigest()


def read_secret(path: Path) -> bytes:
    """A secret of at least 128 bits: 32 or more hexadecimal digits, or exactly 16 raw bytes.

    Errors never repeat what the file holds.
    """
    with usable(path, "a file with the season's secret"), path.open("rb") as file:
        raw = file.read(_LONGEST + 1)
    text = raw.strip()
    if _HEX.fullmatch(text) and len(text) % 2 == 0:
        return bytes.fromhex(text.decode())
    if len(raw) == SECRET_BYTES:
        return raw
    raise InputError(
        str(path),
        expected="32 or more hexadecimal digits (128 bits), or 16 raw bytes",
        got=f"more than {_LONGEST} bytes" if len(raw) > _LONGEST else f"{len(raw)} bytes of another shape",
        fix="make one with: routelab season commit",
    )


def new_secret(path: Path) -> bytes:
    """Write a fresh 128-bit secret that only its owner can read; never overwrites one."""
    secret = secrets.token_bytes(SECRET_BYTES)
    with usable(path, "a new file", "choose another path"):
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(secret.hex().encode() + b"\n")
    return secret


def _public(beacon: str | None) -> bytes:
    """The bytes of a beacon; an empty one would hide that there was none."""
    if beacon is not None and not beacon.strip():
        raise InputError("--beacon", expected="a public value", got="an empty one", fix="give the value itself")
    try:
        return (beacon or "").encode()
    except UnicodeEncodeError:
        raise InputError(
            "--beacon", expected="text", got="bytes that are not UTF-8", fix="write it in hexadecimal"
        ) from None


def _checked(number: int) -> int:
    if number < 1:
        raise InputError("--season", expected="a season from 1 on", got=str(number), fix="use --season 1")
    return number
