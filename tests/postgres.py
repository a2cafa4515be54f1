"""A PostgreSQL server of the tests' own, from Debian's package: its files in a temporary folder, its socket too."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FOUND = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
INITDB = str(FOUND[-1]) if FOUND else shutil.which("initdb")


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """The address of a fresh database; the server refuses to be root, so root starts it as nobody."""
    bin_folder = Path(os.path.realpath(str(INITDB))).parent
    data = folder / "data"
    as_user = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"] if os.geteuid() == 0 else []
    if as_user:
        os.chown(folder, 65534, 65534)
    run = {"check": True, "cwd": folder, "stdout": subprocess.DEVNULL}
    settings = ["-U", "board", "-A", "trust", "-E", "UTF8", "--locale=C"]
    subprocess.run([*as_user, str(bin_folder / "initdb"), "-D", data, *settings], **run)
    options = f"-k {folder} -c listen_addresses='' -c fsync=off -c max_connections=100"
    control = [*as_user, str(bin_folder / "pg_ctl"), "-D", data, "-w"]
    subprocess.run([*control, "-o", options, "-l", folder / "log", "start"], **run)
    try:
        yield f"postgresql://board@/postgres?host={folder}"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], **run)
