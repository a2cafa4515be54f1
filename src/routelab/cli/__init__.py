"""The face: ``routelab …``. One file a command, thin; commands are imported only when they are used.

An error that the user can mend is printed in one line and exits with status 2; a bug keeps its traceback.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.text import Text

from routelab import __version__
from routelab.core.errors import InputError, RoutelabError

COMMANDS = {
    "add-arm": ("routelab.cli.add_arm", "add_arm_command"),
    "agree": ("routelab.cli.agree", "agree_command"),
    "arena": ("routelab.cli.arena", "arena_command"),
    "calibrate": ("routelab.cli.calibrate", "calibrate_command"),
    "check": ("routelab.cli.check", "check_command"),
    "collect": ("routelab.cli.collect", "collect_command"),
    "compare": ("routelab.cli.compare", "compare_command"),
    "diff": ("routelab.cli.diff", "diff_command"),
    "evaluate": ("routelab.cli.evaluate", "evaluate_command"),
    "fit": ("routelab.cli.fit", "fit_command"),
    "fleet": ("routelab.cli.fleet", "fleet_command"),
    "grade": ("routelab.cli.grade", "grade_command"),
    "import": ("routelab.cli.imports", "import_command"),
    "leaderboard": ("routelab.cli.leaderboard", "leaderboard_command"),
    "offpolicy": ("routelab.cli.offpolicy", "offpolicy_command"),
    "plan": ("routelab.cli.plan", "plan_command"),
    "rerecord": ("routelab.cli.rerecord", "rerecord_command"),
    "report": ("routelab.cli.report", "report_command"),
    "robust": ("routelab.cli.robust", "robust_command"),
    "route": ("routelab.cli.route", "route_command"),
    "routers": ("routelab.cli.routers", "routers_command"),
    "season": ("routelab.cli.season", "season_command"),
    "serve": ("routelab.cli.serve", "serve_command"),
    "simulate": ("routelab.cli.simulate", "simulate_command"),
    "submit": ("routelab.cli.submit", "submit_command"),
    "suite": ("routelab.cli.suite", "suite_command"),
    "table": ("routelab.cli.table", "table_command"),
    "try": ("routelab.cli.tryout", "try_command"),
}


class LazyGroup(click.Group):
    """Lists every command, imports only the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="routelab")
def cli() -> None:
    """Judge LLM routers honestly: one outcome table, cross-fitting, every metric with an interval."""


def main() -> None:
    """Entry point of the console script."""
    try:
        status = cli(prog_name="routelab", standalone_mode=False)
    except RoutelabError as error:
        _emit_error(error)
        console().print(Text.assemble(("error", "bold red"), f" {error}"), soft_wrap=True)
        status = 2
    except click.ClickException as error:
        _emit_error(_usage(error))
        error.show()
        status = 2
    except (click.Abort, KeyboardInterrupt):
        console().print("stopped; running the same command again continues where it can")
        status = 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 0
    sys.exit(status if isinstance(status, int) else 0)


def _usage(error: click.ClickException) -> InputError:
    """What click has against the words of a call, in our grammar."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    command = context.command_path if context else "routelab"
    return InputError(command, expected="a valid call", got=error.format_message(), fix=f"{command} --help")


def _emit_error(error: RoutelabError) -> None:
    if "--json" in sys.argv:
        emit_json({"error": {key: getattr(error, key) for key in ("where", "expected", "got", "fix")}})


def screen(*, stderr: bool = False) -> Console:
    """For results that people read. Names, notes and paths are foreign: no text is read as markup."""
    return Console(stderr=stderr, markup=False, emoji=False, highlight=False)


def console() -> Console:
    """For messages and progress: standard error, so that standard output holds results only."""
    return screen(stderr=True)


def emit_json(value: Any) -> None:
    """Print one JSON value to standard output."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())
