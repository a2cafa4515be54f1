"""Runs foreign Python inside an operating-system sandbox: bubblewrap's namespaces, plus limits that bite.

Inside there is no network, no home, no environment, no other process; the system and the interpreter are
read-only, the standard library and folders that were handed in are all there is, and the user id has no rights.
Process limits do not bind root, so root leaves itself first: one bubblewrap builds the view as root, a second one,
run by nobody, is the sandbox that a normal user gets too. Limits are set inside, where processes are counted for this
sandbox alone. Knows nothing of answers, tests or scores.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO

import msgspec

from routelab.core.errors import PrerequisiteError, shorten

UNSAFE_VARIABLE = "ROUTELAB_UNSAFE_SANDBOX"
NOBODY = "65534"
MIB = 1 << 20

_INTERPRETER = os.path.realpath(sys.executable)
_FLAGS = ("-P", "-s", "-S", "-B", "-X", "utf8")
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "PYTHONHASHSEED": "0"}
_BOOT = """
import json, resource, sys
limits, size = json.loads(sys.argv[1]), int(sys.argv[2])
for name, value in limits.items():
    resource.setrlimit(getattr(resource, name), (value, value))
code = sys.stdin.buffer.read(size)
sys.argv[:] = ["main.py"]
del limits, size
exec(compile(code, "main.py", "exec"), {"__name__": "__main__", "__builtins__": __builtins__})
"""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What one run may use; memory is per process, ``file_bytes`` per file and per output stream."""

    cpu_s: int = 5
    wall_s: float = 10.0
    memory_bytes: int = 512 * MIB
    file_bytes: int = MIB
    scratch_bytes: int = 16 * MIB
    open_files: int = 64
    processes: int = 8

    def rlimits(self) -> dict[str, int]:
        """The limits that the kernel holds, by their names in ``resource``."""
        return {
            "RLIMIT_CPU": self.cpu_s,
            "RLIMIT_AS": self.memory_bytes,
            "RLIMIT_FSIZE": self.file_bytes,
            "RLIMIT_NOFILE": self.open_files,
            "RLIMIT_NPROC": self.processes,
            "RLIMIT_CORE": 0,
        }


class SandboxResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a run left: its output, cut at ``Limits.file_bytes``, and how it ended.

    ``exit_code`` is 128 + the signal's number where one ended it; ``isolated`` is False for an unsafe run.
    """

    exit_code: int
    stdout: str
    stderr: str
    timed_out: bool
    wall_s: float
    isolated: bool


def run_python(
    code: str,
    stdin: str = "",
    limits: Limits | None = None,
    *,
    folders: Mapping[str, Path] | None = None,
    unsafe: bool = False,
) -> SandboxResult:
    """Run a program as ``__main__`` and wait for it. ``folders`` are shown read-only, each under the absolute
    path that is its key.

    Raises PrerequisiteError where no sandbox can be had, unless ``unsafe`` (or ``ROUTELAB_UNSAFE_SANDBOX=1``)
    allows a run under resource limits alone.

    >>> run_python("print(input())", "hello").stdout  # doctest: +SKIP
    'hello\\n'
    """
    limits = limits or Limits()
    refusal = why_not()
    if refusal and not (unsafe or os.environ.get(UNSAFE_VARIABLE) == "1"):
        raise PrerequisiteError(
            "sandbox",
            expected="bubblewrap ≥ 0.8 and the right to make user namespaces",
            got=refusal,
            fix=f"apt install bubblewrap, or {UNSAFE_VARIABLE}=1 to run foreign code unprotected",
        )
    return _run(code, stdin, limits, folders or {}, isolated=not refusal)


@cache
def why_not() -> str | None:
    """Why this machine offers no sandbox, found by starting one; None where it does."""
    for tool in ("bwrap", *(["setpriv"] if os.geteuid() == 0 else [])):
        if not shutil.which(tool):
            return f"no {tool!r} on the path"
    probe = _run("print(6 * 7)", "", Limits(), {}, isolated=True)
    return None if probe.stdout == "42\n" else shorten(probe.stderr.strip() or f"exit code {probe.exit_code}")


def _run(code: str, stdin: str, limits: Limits, folders: Mapping[str, Path], *, isolated: bool) -> SandboxResult:
    program = code.encode("utf-8", "replace")
    python = [_INTERPRETER, *_FLAGS, "-c", _BOOT, json.dumps(limits.rlimits()), str(len(program))]
    command = [*(_wrapping(limits, folders) if isolated else []), *python]
    with (
        tempfile.TemporaryFile() as source,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
        tempfile.TemporaryDirectory() as folder,
    ):
        source.write(program + stdin.encode("utf-8", "replace"))
        source.seek(0)
        start = time.perf_counter()
        process = subprocess.Popen(
            command,
            stdin=source,
            stdout=out,
            stderr=err,
            cwd="/" if isolated else folder,
            env=_ENVIRONMENT,
            start_new_session=True,
        )
        timed_out = False
        try:
            process.wait(limits.wall_s)
        except subprocess.TimeoutExpired:
            timed_out = True
        finally:
            _end(process)
        return SandboxResult(
            exit_code=process.returncode if process.returncode >= 0 else 128 - process.returncode,
            stdout=_text(out, limits.file_bytes),
            stderr=_text(err, limits.file_bytes),
            timed_out=timed_out,
            wall_s=time.perf_counter() - start,
            isolated=isolated,
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of the process group; in a sandbox all others die with their parent."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _text(stream: IO[bytes], limit: int) -> str:
    stream.seek(0)
    return stream.read(limit).decode("utf-8", "replace")


def _wrapping(limits: Limits, folders: Mapping[str, Path]) -> list[str]:
    """The command line in front of the interpreter."""
    bwrap = shutil.which("bwrap") or "bwrap"
    as_root = os.geteuid() == 0
    shown = {place: Path(place) for place in folders} if as_root else folders
    inner = [  # what is shown comes after /tmp, since it may lie below it
        *[bwrap, "--proc", "/proc", "--dev", "/dev", "--size", str(limits.scratch_bytes), "--tmpfs", "/tmp"],
        *[*_view(shown), "--chdir", "/tmp", "--remount-ro", "/dev", "--remount-ro", "/"],
        *["--unshare-all", "--unshare-user", "--disable-userns", "--uid", NOBODY, "--gid", NOBODY],
        *["--cap-drop", "ALL", "--hostname", "sandbox", "--die-with-parent", "--new-session", "--"],
    ]
    if not as_root:
        return inner
    return [
        *[bwrap, "--bind", "/proc", "/proc", "--dev", "/dev", "--dir", "/tmp", *_view(folders)],
        *["--die-with-parent", "--"],
        *["setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", "--"],
        *inner,
    ]


def _view(folders: Mapping[str, Path]) -> list[str]:
    """Read-only binds of the system's programs, of the interpreter and of ``folders``; nothing else of the disk."""
    words = ["--ro-bind", "/usr", "/usr", "--perms", "0755", "--dir", "/etc"]
    words += ["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"]
    for folder in (Path("/bin"), Path("/lib"), Path("/lib32"), Path("/lib64")):
        if folder.is_symlink():
            words += ["--symlink", str(folder.readlink()), str(folder)]
        elif folder.exists():
            words += ["--ro-bind", str(folder), str(folder)]
    prefix = Path(sys.base_prefix)
    shown = {} if prefix.is_relative_to("/usr") else {str(prefix): prefix}
    for place, folder in {**shown, **folders}.items():
        for parent in reversed(Path(place).parents[:-1]):
            words += ["--perms", "0755", "--dir", str(parent)]
        words += ["--ro-bind", str(folder), place]
    return words
