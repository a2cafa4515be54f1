"""``routelab serve``: put an artifact in front of real models, as an OpenAI-compatible server that keeps a log."""

from __future__ import annotations

from pathlib import Path

import click

from routelab.cli import console, emit_json
from routelab.cli.options import json_option


@click.command("serve")
@click.argument("artifact", type=click.Path(path_type=Path))
@click.option(
    "--endpoints", "file", type=click.Path(path_type=Path), help="YAML with more providers and priced models."
)
@click.option("--log", required=True, type=click.Path(path_type=Path), metavar="TABLE_DIR", help="Where decisions go.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=8099, show_default=True, help="0 takes any free one.")
@click.option("--dial", type=click.FloatRange(0, 1), help="Where the dial stands [default: as frozen].")
@click.option(
    "--explore", type=click.FloatRange(0, 1), help="Share of prompts whose arm is drawn [default: as frozen]."
)
@click.option("--keep-answers", is_flag=True, help="Keep the texts of answers beside the log.")
@json_option
def serve_command(
    artifact: Path,
    file: Path | None,
    log: Path,
    host: str,
    port: int,
    dial: float | None,
    explore: float | None,
    keep_answers: bool,
    as_json: bool,
) -> None:
    """Serve ARTIFACT: requests for the model named like the router go to the arm that it chooses."""
    from routelab.core.errors import need_extra
    from routelab.gateway import DecisionLog, upstreams
    from routelab.pool.live import endpoints
    from routelab.router import load_artifact

    try:
        from routelab.gateway.app import Gateway
        from routelab.gateway.http import serve
    except ImportError as error:
        raise need_extra((error.name or "starlette").partition(".")[0], "serve", "serving") from None

    router, known = load_artifact(artifact), endpoints(file)
    served = upstreams(known, router.arms_)
    cards = {card.id: card for arm in router.arms_ if (card := known.card(arm)) is not None}
    gateway = Gateway(
        router, served, DecisionLog(log, cards.values(), keep_answers=keep_answers), dial=dial, explore=explore
    )

    def ready(address: str) -> None:
        if as_json:
            emit_json({"url": address, "model": router.name, "artifact_hash": gateway.hash, "log": str(log)})
        else:
            told = f"{router.name} ({gateway.hash}) over {len(served)} arms at {address}, log in {log}"
            console().print(told, soft_wrap=True)

    serve(gateway.app(), host, port, ready)
