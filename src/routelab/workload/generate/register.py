"""The public record of a hidden season, one step after the other: commit, freeze the entries, draw, reveal, verify.

The order is the proof: the commitment is published first, then the entries' artifact hashes are frozen, then a public
beacon that nobody could know before decides the items. Steps cannot be taken twice or out of order. The file is public
at every moment: the secret enters it only when the season is over.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from pathlib import Path

import msgspec

from routelab.core import InputError
from routelab.core.config import convert
from routelab.core.files import canonical_json, read_text, write_text
from routelab.workload.generate.seasons import Season, commitment, hidden_season

_ARTIFACT = re.compile(r"[0-9a-zA-Z]{8,128}")
_SECRET = re.compile(r"(?:[0-9a-f]{2})+")


class Register(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is public of a season.

    Attributes:
        entries: artifact hashes, sorted; ``frozen`` is the SHA-256 of their list, set when no more are taken.
        suite: hash of the suite that was drawn, references included; ``items`` is how many it has.
        secret: hexadecimal, once revealed.
        times: when each step was taken, UTC.
    """

    season: int
    commitment: str
    entries: tuple[str, ...] = ()
    frozen: str | None = None
    beacon: str | None = None
    suite: str | None = None
    items: int | None = None
    secret: str | None = None
    times: dict[str, str] = {}


def open_register(path: Path) -> Register:
    """Read a register."""
    try:
        plain = msgspec.json.decode(read_text(path, what="a season's register"))
    except (msgspec.DecodeError, RecursionError) as error:
        raise InputError(str(path), expected="JSON", got=str(error), fix="restore the file") from None
    register = convert(plain, Register, str(path))
    if register.secret is not None and not _SECRET.fullmatch(register.secret):
        raise InputError(f"{path} $.secret", expected="hexadecimal digits", got="other text", fix="restore the file")
    return register


def committed(path: Path, season: int, secret: bytes) -> Register:
    """Begin a register with the commitment to a secret."""
    check_new(path)
    return _save(path, Register(season=season, commitment=commitment(season, secret)), "committed")


def check_new(path: Path) -> None:
    """Raise InputError where a register would overwrite something."""
    if path.exists():
        raise InputError(str(path), expected="a new file", got="an existing one", fix="choose another path")


def freeze_entries(path: Path, artifacts: tuple[str, ...]) -> Register:
    """Take the entries' artifact hashes and close the list; must come before the beacon."""
    register = open_register(path)
    _unless(path, register.frozen, "entries that are still open", "entries that were frozen before")
    odd = [each for each in artifacts if not _ARTIFACT.fullmatch(each)]
    if not artifacts or odd:
        got = repr(odd[0]) if odd else "none"
        raise InputError("--entry", expected="artifact hashes", got=got, fix="see the artifact's artifact_hash")
    entries = tuple(sorted(set(artifacts)))
    return _save(path, msgspec.structs.replace(register, entries=entries, frozen=entries_digest(entries)), "frozen")


def drawn(path: Path, secret: bytes, beacon: str, suite: str, items: int) -> Register:
    """Note which beacon decided the items, how many there are and the suite's hash; the season must be one to draw."""
    to_draw(path, secret, beacon)
    register = msgspec.structs.replace(open_register(path), beacon=beacon, suite=suite, items=items)
    return _save(path, register, "drawn")


def to_draw(path: Path, secret: bytes, beacon: str) -> Season:
    """The season to draw now; raises InputError where it was drawn before or ``season_of`` refuses it."""
    register = open_register(path)
    _unless(path, register.suite, "a season that was not drawn", "one that was")
    return season_of(path, register, secret, beacon)


def season_of(path: Path, register: Register, secret: bytes, beacon: str) -> Season:
    """The season that the secret opens; raises InputError before the entries are frozen or for another secret."""
    if register.frozen is None:
        raise InputError(str(path), expected="frozen entries", got="open ones", fix="routelab season freeze first")
    if commitment(register.season, secret) != register.commitment:
        raise InputError(
            str(path), expected="the committed secret", got="another one", fix="use the secret of this season"
        )
    return hidden_season(register.season, secret, beacon)


def revealed(path: Path, secret: bytes) -> Register:
    """Publish the secret; the season must have been drawn with it."""
    register = open_register(path)
    if register.suite is None or register.beacon is None:
        raise InputError(str(path), expected="a drawn season", got="one not drawn yet", fix="draw it first")
    _unless(path, register.secret, "a secret that is still kept", "one that was revealed")
    season_of(path, register, secret, register.beacon)
    return _save(path, msgspec.structs.replace(register, secret=secret.hex()), "revealed")


def entries_digest(entries: tuple[str, ...]) -> str:
    """SHA-256 of the sorted list of artifact hashes."""
    return hashlib.sha256(canonical_json(list(entries))).hexdigest()


def checks(register: Register, suite: str) -> dict[str, bool]:
    """What anyone can verify once the secret is out; ``suite`` is the hash of the season drawn again."""
    secret = bytes.fromhex(register.secret or "")
    order = [register.times.get(step, "") for step in ("committed", "frozen", "drawn", "revealed")]
    return {
        "the secret opens the commitment": commitment(register.season, secret) == register.commitment,
        "a public beacon decided the items": bool(register.beacon),
        "the entries are the frozen ones": entries_digest(register.entries) == register.frozen,
        "drawing again gives the same suite": suite == register.suite,
        "the steps were taken in order": all(order) and order == sorted(order),
    }


def _unless(path: Path, done: str | None, expected: str, got: str) -> None:
    if done is not None:
        raise InputError(str(path), expected=expected, got=got, fix="begin a new season")


def _save(path: Path, register: Register, step: str) -> Register:
    now = dt.datetime.now(dt.UTC).isoformat(timespec="microseconds")
    dated = msgspec.structs.replace(register, times=register.times | {step: now})
    write_text(path, msgspec.json.format(msgspec.json.encode(dated), indent=2).decode() + "\n")
    return dated
