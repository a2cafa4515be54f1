"""The sandbox: what runs inside reaches nothing outside, and every limit is seen to bite."""

from __future__ import annotations

import os
import pwd
import socket
from pathlib import Path

import pytest

from routelab.core import PrerequisiteError, sandbox
from routelab.core.sandbox import MIB, Limits, SandboxResult, run_python, why_not

needs_sandbox = pytest.mark.skipif(why_not() is not None, reason=f"no sandbox here: {why_not()}")
QUICK = Limits(cpu_s=1, wall_s=5, memory_bytes=256 * MIB, scratch_bytes=4 * MIB)


def tried(code: str, limits: Limits = QUICK) -> SandboxResult:
    """Run ``code``; what it raises is printed as the name of the exception."""
    body = "\n".join("    " + line for line in code.splitlines())
    return run_python(f"try:\n{body}\nexcept BaseException as error:\n    print(type(error).__name__)", "", limits)


@needs_sandbox
def test_a_program_reads_its_input_and_its_output_comes_back() -> None:
    result = run_python("import sys\nprint(input()[::-1])\nprint('é', file=sys.stderr)\nsys.exit(3)", "abc\n")
    assert (result.stdout, result.stderr, result.exit_code) == ("cba\n", "é\n", 3)
    assert result.isolated and not result.timed_out


@needs_sandbox
def test_a_program_that_does_not_compile_fails_alone() -> None:
    result = run_python("def f(:")
    assert result.exit_code == 1 and "SyntaxError" in result.stderr


@needs_sandbox
def test_equal_programs_give_equal_bytes() -> None:
    code = "print({str(n) for n in range(99)}, hash('a'))"
    assert run_python(code).stdout == run_python(code).stdout


# -- limits ----------------------------------------------------------------------------------------------


@needs_sandbox
def test_an_endless_loop_is_stopped_by_the_cpu_limit() -> None:
    result = run_python("while True: pass", "", QUICK)
    assert result.exit_code == 128 + 9 and not result.timed_out


@needs_sandbox
def test_the_cpu_limit_cannot_be_ignored_or_raised() -> None:
    code = "import signal, resource\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)\n"
    assert run_python(code + "while True: pass", "", QUICK).exit_code == 128 + 9
    assert tried("import resource\nresource.setrlimit(resource.RLIMIT_CPU, (99, 99))").stdout == "ValueError\n"


@needs_sandbox
def test_a_sleeper_is_stopped_by_the_wall_clock() -> None:
    result = run_python("import time\nprint('begun', flush=True)\ntime.sleep(600)", "", Limits(wall_s=0.5))
    assert result.timed_out and result.stdout == "begun\n" and result.exit_code != 0


@needs_sandbox
def test_a_memory_hog_is_stopped() -> None:
    assert tried("block = bytearray(300 * 2**20)").stdout == "MemoryError\n"


@needs_sandbox
def test_a_fork_bomb_is_stopped_also_where_we_are_root() -> None:
    code = (
        "import os\nn = 0\nwhile n < 99:\n    if os.fork() == 0:\n        os.read(0, 0); __import__('time').sleep(99)\n"
    )
    result = run_python(
        f"try:\n    import os\nfinally:\n    pass\n{code}    n += 1\n    print(n, flush=True)", "", QUICK
    )
    counted = [int(line) for line in result.stdout.split()]
    assert 0 < max(counted) < QUICK.processes and "BlockingIOError" in result.stderr


@needs_sandbox
def test_nothing_outlives_the_sandbox() -> None:
    code = "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(999)"
    run_python(code, "", Limits(file_bytes=1_234_567))
    assert not [path for path in Path("/proc").glob("[0-9]*/cmdline") if b"1234567" in command_line(path)]


def command_line(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


@needs_sandbox
def test_a_big_file_a_full_scratch_folder_and_endless_output_are_stopped() -> None:
    assert tried("open('big', 'wb').write(bytes(2 * 2**20))").stdout == "OSError\n"
    assert tried("for n in range(9): open(str(n), 'wb').write(bytes(2**20 - 1))").stdout == "OSError\n"
    endless = run_python("while True: print('x' * 9999)", "", QUICK)
    assert len(endless.stdout) == QUICK.file_bytes and endless.exit_code != 0


@needs_sandbox
def test_open_files_are_limited() -> None:
    assert tried("kept = [open('f%d' % n, 'w') for n in range(99)]").stdout == "OSError\n"


# -- isolation -------------------------------------------------------------------------------------------


@needs_sandbox
def test_no_network() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        for target in (("127.0.0.1", port), ("192.0.2.1", 80)):
            assert tried(f"import socket\nsocket.create_connection({target!r}, 2)").stdout in (
                "ConnectionRefusedError\n",
                "OSError\n",
            )


@needs_sandbox
@pytest.mark.parametrize("path", ["/etc/shadow", "/etc/passwd", __file__])
def test_files_of_the_machine_cannot_be_read(path: str) -> None:
    assert tried(f"print(open({path!r}).read())").stdout in ("FileNotFoundError\n", "PermissionError\n")


@needs_sandbox
def test_the_home_is_not_there(tmp_path: Path) -> None:
    home = Path(pwd.getpwuid(os.getuid()).pw_dir)
    seen = tried(f"import os\nprint(sum(len(f) for _, _, f in os.walk({str(tmp_path)!r})), os.listdir({str(home)!r}))")
    assert seen.stdout == "FileNotFoundError\n" or seen.stdout.count("'") <= 2, "at most the way to the interpreter"


@needs_sandbox
def test_secrets_of_the_environment_are_invisible(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "s3cr3t-value")
    readings = "".join(f"print(open('/proc/{n}/environ').read())\n" for n in (1, "self"))
    result = run_python(f"import os\nprint(dict(os.environ))\n{readings}")
    assert "s3cr3t-value" not in result.stdout and "PATH" in result.stdout


@needs_sandbox
def test_nothing_outside_the_scratch_folder_can_be_written() -> None:
    for path in ("/x", "/usr/x", "/dev/x", "/dev/shm/x", "/proc/x", "/root/x"):
        assert tried(f"open({path!r}, 'w')").stdout in ("OSError\n", "FileNotFoundError\n", "PermissionError\n"), path


@needs_sandbox
def test_there_are_no_rights_no_other_processes_and_no_further_namespaces() -> None:
    code = """
import ctypes, os
status = dict(line.split(':\\t', 1) for line in open('/proc/self/status').read().splitlines() if ':\\t' in line)
print(os.getuid(), os.getgid(), int(status['CapEff'], 16), int(status['CapBnd'], 16), status['NoNewPrivs'])
print(len([name for name in os.listdir('/proc') if name.isdecimal()]) <= 2)
print(ctypes.CDLL(None).unshare(0x10000000))
"""
    assert run_python(code).stdout == "65534 65534 0 0 1\nTrue\n-1\n"


# -- without bubblewrap ----------------------------------------------------------------------------------


@pytest.fixture
def no_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "why_not", lambda: "no 'bwrap' on the path")
    monkeypatch.delenv(sandbox.UNSAFE_VARIABLE, raising=False)


@pytest.mark.usefixtures("no_sandbox")
def test_without_a_sandbox_it_refuses_and_says_what_to_install() -> None:
    with pytest.raises(PrerequisiteError, match="apt install bubblewrap"):
        run_python("print(1)")


@pytest.mark.usefixtures("no_sandbox")
def test_told_to_be_unsafe_it_keeps_the_limits_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert tried_unsafe("print(6 * 7)").stdout == "42\n"
    assert tried_unsafe("while True: pass").exit_code == 128 + 9
    monkeypatch.setenv(sandbox.UNSAFE_VARIABLE, "1")
    result = run_python("import os\nprint('HOME' in os.environ)")
    assert (result.stdout, result.isolated) == ("False\n", False)


def tried_unsafe(code: str) -> SandboxResult:
    return run_python(code, "", QUICK, unsafe=True)


def test_a_missing_tool_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox.shutil, "which", lambda tool: None)
    assert "bwrap" in (why_not.__wrapped__() or "")
