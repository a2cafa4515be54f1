"""What a board remembers, append-only, in SQLite or PostgreSQL: the same statements and migrations for both.

Submissions, what they decided, what the audits said and every board that was published. Rows are inserted once and
never changed; a row that is there already is left as it is, which makes every step repeatable. Knows no scores.
"""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import msgspec
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.schema import CreateColumn

from routelab.core.errors import InputError, PrerequisiteError, need_extra

Split = Literal["open", "hidden"]
URL_VARIABLE = "ROUTELAB_BOARD_URL"
WAIT_S = 120

_META = MetaData()
SUBMISSIONS = Table(
    "submissions",
    _META,
    Column("id", String(32), primary_key=True),
    Column("number", Integer, nullable=False, unique=True),
    Column("received", String(32), nullable=False),
    Column("owner", String(80), nullable=False, index=True),
    Column("name", String(80), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("season", Integer, nullable=False),
    Column("manifest", Text, nullable=False),
    Column("code_version", String(32), nullable=False),
    Column("code_hash", String(64)),
)
DECISIONS = Table(
    "decisions",
    _META,
    Column("submission", String(32), primary_key=True),
    Column("split", String(8), primary_key=True),
    Column("table_hash", String(64), primary_key=True),
    Column("decided", LargeBinary, nullable=False),
    Column("facts", Text, nullable=False),
)
AUDITS = Table(
    "audits",
    _META,
    Column("submission", String(32), primary_key=True),
    Column("split", String(8), primary_key=True),
    Column("table_hash", String(64), primary_key=True),
    Column("verdicts", Text, nullable=False),
)
BOARDS = Table(
    "boards",
    _META,
    Column("split", String(8), primary_key=True),
    Column("sequence", Integer, primary_key=True),
    Column("published", String(32), nullable=False),
    Column("cause", String(80), nullable=False),
    Column("entries", Text, nullable=False),
    Column("table_hash", String(64), nullable=False),
    Column("code_version", String(32), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("document", LargeBinary, nullable=False),
    Column("code_hash", String(64)),
)
SEASONS = Table(
    "seasons",
    _META,
    Column("number", Integer, primary_key=True),
    Column("table_hash", String(64), nullable=False, unique=True),
    Column("register", Text, nullable=False),
)
MIGRATIONS: tuple[tuple[Table | Column[Any], ...], ...] = (
    (SUBMISSIONS, DECISIONS, AUDITS, BOARDS),
    (SEASONS,),
    (SUBMISSIONS.c.code_hash, BOARDS.c.code_hash),
)
"""What each schema version adds: tables, or columns that are null in older rows. A new version appends a tuple; old
ones are never edited."""


class Store:
    """One board's memory. ``url`` is an SQLAlchemy address; without one it is ``board.db`` in the folder."""

    def __init__(self, folder: Path, url: str | None = None) -> None:
        self._lock_file = folder / "publish.lock"
        self._engine = _engine(url or f"sqlite:///{folder / 'board.db'}")
        try:
            with self.alone():
                _migrate(self._engine)
        except (OperationalError, ProgrammingError) as error:
            got = str(error.orig).partition("\n")[0]
            raise PrerequisiteError(
                "the board's store", expected="a database that answers", got=got, fix=f"check {URL_VARIABLE}"
            ) from None

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else is in such a block on this board; the lock goes with the process that holds it."""
        if self._engine.dialect.name == "postgresql":
            key = int.from_bytes(hashlib.sha256(str(self._engine.url.database).encode()).digest()[:7], "big")
            with self._engine.connect() as connection:
                connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": key})
                try:
                    yield
                finally:
                    connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": key})
            return
        with self._lock_file.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def receive(self, row: dict[str, Any], most_of_owner: int) -> None:
        """Note a submission with the next number; raises InputError where its owner has had enough this season."""
        season, owner = row["season"], row["owner"]
        with self.alone(), self._engine.begin() as connection:
            if connection.execute(select(SUBMISSIONS.c.id).where(SUBMISSIONS.c.id == row["id"])).first():
                return
            mine = select(SUBMISSIONS.c.id).where(SUBMISSIONS.c.owner == owner, SUBMISSIONS.c.season == season)
            used = len(connection.execute(mine).all())
            if used >= most_of_owner:
                raise InputError(
                    f"owner {owner!r}",
                    expected=f"at most {most_of_owner} submissions a season",
                    got=f"{used} before this one",
                    fix="wait for the next season",
                )
            last = connection.execute(select(SUBMISSIONS.c.number).order_by(SUBMISSIONS.c.number.desc())).scalar()
            connection.execute(insert(SUBMISSIONS).values(number=(last or 0) + 1, **row))

    def keep(self, table: Table, **values: Any) -> None:
        """Insert a row; one with this key that is there already stays."""
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(table).values(**values))
        except IntegrityError:
            return

    def rows(self, table: Table, **where: Any) -> list[dict[str, Any]]:
        """Rows with these values, in the order of the key (submissions: as they came)."""
        order = [table.c.number] if table is SUBMISSIONS else list(table.primary_key)
        wanted = select(table).where(*(table.c[name] == value for name, value in where.items())).order_by(*order)
        with self._engine.connect() as connection:
            return [dict(row._mapping) for row in connection.execute(wanted)]

    def row(self, table: Table, **key: Any) -> dict[str, Any] | None:
        """The one row with this key."""
        found = self.rows(table, **key)
        return found[0] if found else None

    def last_board(self, split: Split) -> dict[str, Any] | None:
        """The newest board of a split."""
        newest = select(BOARDS).where(BOARDS.c.split == split).order_by(BOARDS.c.sequence.desc()).limit(1)
        with self._engine.connect() as connection:
            row = connection.execute(newest).first()
        return None if row is None else dict(row._mapping)

    def close(self) -> None:
        self._engine.dispose()


def packed(value: Any) -> str:
    """JSON for a text column."""
    return msgspec.json.encode(value, order="deterministic").decode()


def _engine(url: str) -> Engine:
    if url.startswith(("postgres://", "postgresql://")):
        url = "postgresql+psycopg://" + url.partition("://")[2]
    try:
        engine = create_engine(url, connect_args={"timeout": WAIT_S} if url.startswith("sqlite") else {})
    except ImportError:
        raise need_extra("psycopg", "postgres", "a board in PostgreSQL") from None
    except Exception:  # its message may repeat the address, and that may hold a password
        raise InputError(
            URL_VARIABLE, expected="sqlite:///PATH or postgresql://…", got="something else", fix="write it whole"
        ) from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _write_ahead)
    return engine


def _write_ahead(connection: Any, _: Any) -> None:
    """Readers go on while somebody writes, and a killed writer leaves nothing half-done."""
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


def _migrate(engine: Engine) -> None:
    version = Table("schema_version", MetaData(), Column("version", Integer, primary_key=True))
    with engine.begin() as connection:
        version.create(connection, checkfirst=True)
        done = _version(connection, version)
        if done > len(MIGRATIONS):
            raise InputError(
                "the board's store",
                expected=f"schema version {len(MIGRATIONS)} or older",
                got=str(done),
                fix="use the newer routelab that made it",
            )
        for number, parts in enumerate(MIGRATIONS[done:], done + 1):
            for part in parts:
                part.create(connection, checkfirst=True) if isinstance(part, Table) else _add(connection, part)
            connection.execute(insert(version).values(version=number))


def _add(connection: Connection, column: Column[Any]) -> None:
    """Add a column, unless the table is new and was made with it."""
    if column.name not in {known["name"] for known in inspect(connection).get_columns(column.table.name)}:
        described = CreateColumn(column).compile(dialect=connection.dialect)
        connection.execute(text(f"ALTER TABLE {column.table.name} ADD COLUMN {described}"))


def _version(connection: Connection, version: Table) -> int:
    return max(map(int, connection.execute(select(version.c.version)).scalars()), default=0)
