"""`serve`: it passes on what it is given, decides as the arena does, and tells what fails."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

pytest.importorskip("starlette", reason="the extra `serve` is not installed")
pytest.importorskip("uvicorn", reason="the extra `serve` is not installed")

from fake_upstream import Upstream, running
from routelab.core import InputError, PrerequisiteError
from routelab.encode import QueryBatch
from routelab.gateway import query_of, upstreams
from routelab.outcomes import OutcomeTable
from routelab.pool.live import Endpoints, Provider
from routelab.router import Router, artifact_hash, save_artifact
from served import BIG, EASY, HARD, KEY, SECRET, SMALL, ask, endpoints, fitted, gateway


@pytest.fixture(scope="module")
def router() -> Router:
    return fitted()


@pytest.fixture
def upstream() -> Iterator[tuple[Upstream, str]]:
    fake = Upstream()
    with running(fake.app) as address:
        yield fake, address


# -- what is relayed --------------------------------------------------------------------------------


def test_a_request_goes_to_the_arm_that_the_router_chooses(
    router: Router, upstream: tuple[Upstream, str], tmp_path: Path
) -> None:
    fake, address = upstream
    with gateway(router, address, tmp_path / "log") as client:
        easy, hard = ask(client, temperature=0.3, top_p=0.9, logit_bias={"7": 1}), ask(client, HARD)
    assert easy.json()["choices"][0]["message"]["content"] == "small heard you"
    assert [reply.headers["x-routelab-arm"] for reply in (easy, hard)] == [SMALL, BIG]
    assert easy.headers["x-routelab-artifact"] == artifact_hash(router)
    assert float(easy.headers["x-routelab-propensity"]) == 1
    assert fake.requests[0] == {
        "model": "small",
        "messages": [{"role": "user", "content": EASY}],
        "temperature": 0.3,
        "top_p": 0.9,
        "logit_bias": {"7": 1},
    }


def test_the_router_reads_what_it_reads_in_the_arena(
    router: Router, upstream: tuple[Upstream, str], tmp_path: Path
) -> None:
    talk = [
        {"role": "system", "content": "You are a prover of lemmas about ideals."},
        {"role": "user", "content": [{"type": "text", "text": "Add the numbers 1 and 2"}, {"type": "image_url"}]},
        {"role": "assistant", "content": None, "tool_calls": []},
        {"role": "user", "content": "and prove the lemma"},
    ]
    with gateway(router, upstream[1], tmp_path / "log") as client:
        reply = client.post("/chat/completions", json={"model": "ridge", "messages": talk})
    (query,) = OutcomeTable.open(tmp_path / "log").query_list()
    assert query.turns == query_of("x", talk).turns
    assert query.text == "Add the numbers 1 and 2\n\nand prove the lemma"
    assert [reply.headers["x-routelab-arm"]] == router.route(QueryBatch.of([query.text])).chosen_arms()
    assert upstream[0].requests[0]["messages"] == talk


def test_a_stream_is_relayed_event_by_event(router: Router, upstream: tuple[Upstream, str], tmp_path: Path) -> None:
    fake, address = upstream
    fake.reply = lambda model, text: "ä\u2028b c"
    with gateway(router, address, tmp_path / "log", keep_answers=True) as client:
        plain = ask(client, stream=True)
        billed = ask(client, stream=True, stream_options={"include_usage": True})
    events = [json.loads(line[6:]) for line in plain.text.split("\n") if line.startswith("data: {")]
    said = "".join(choice["delta"].get("content", "") for event in events for choice in event["choices"])
    assert said == "ä\u2028b c " and plain.text.endswith("data: [DONE]\n\n")
    assert "usage" not in plain.text and '"usage"' in billed.text
    assert plain.headers["content-type"].startswith("text/event-stream")
    table = OutcomeTable.open(tmp_path / "log")
    assert table.calls["output_tokens"].to_list() == [20, 20] and table.calls["ttft_s"].null_count() == 0
    assert table.answers()["answer"].to_list() == ["ä\u2028b c "] * 2


def test_the_first_words_arrive_before_the_last(router: Router, upstream: tuple[Upstream, str], tmp_path: Path) -> None:
    fake, address = upstream
    fake.hang = True
    body = {"model": "ridge", "messages": [{"role": "user", "content": EASY}], "stream": True}
    with gateway(router, address, tmp_path / "log") as client:
        with client.stream("POST", "/chat/completions", json=body) as reply:
            assert any("small" in line for line in reply.iter_lines() if "content" in line)
        assert fake.cancelled.wait(30)
    (call,) = OutcomeTable.open(tmp_path / "log").calls.iter_rows(named=True)
    assert call["error"].startswith("cancelled") and call["ttft_s"] > 0 and call["propensity"] == 1


def test_a_client_that_goes_away_cancels_the_call(
    router: Router, upstream: tuple[Upstream, str], tmp_path: Path
) -> None:
    fake, address = upstream
    fake.hang = True
    with gateway(router, address, tmp_path / "log") as client:
        with pytest.raises(httpx2.ReadTimeout):
            client.post(
                "/chat/completions",
                json={"model": "ridge", "messages": [{"role": "user", "content": EASY}]},
                timeout=httpx2.Timeout(30, read=0.3),
            )
        assert fake.cancelled.wait(30)
    assert OutcomeTable.open(tmp_path / "log").calls["error"].str.starts_with("cancelled").all()


def test_an_arm_can_be_asked_for_by_name(router: Router, upstream: tuple[Upstream, str], tmp_path: Path) -> None:
    with gateway(router, upstream[1], tmp_path / "log", explore=0.9) as client:
        reply = ask(client, model=BIG)
        names = [row["id"] for row in client.get("/models").json()["data"]]
        health = client.get("/../healthz").json()
    assert reply.headers["x-routelab-arm"] == BIG and float(reply.headers["x-routelab-propensity"]) == 1
    assert names == ["ridge", BIG, SMALL]
    assert health == {"status": "ok", "artifact": artifact_hash(router)}


# -- what fails -------------------------------------------------------------------------------------


def test_errors_of_the_upstream_are_passed_on_without_the_key(
    router: Router, upstream: tuple[Upstream, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake, address = upstream
    monkeypatch.setenv(KEY, SECRET)
    told = {"error": {"message": f"slow down, {SECRET}", "type": "rate_limit", "code": "x", "param": None}}
    with gateway(router, address, tmp_path / "log", key=KEY) as client:
        fake.refusal = (429, told)
        throttled = ask(client, stream=True)
        fake.refusal = (500, ["oops"])
        broken = ask(client)
    assert throttled.status_code == 429 and throttled.headers["retry-after"] == "7"
    assert throttled.json()["error"] == told["error"] | {"message": "slow down, [key]"}
    assert broken.status_code == 500 and broken.json()["error"]["type"] == "upstream_error"
    assert broken.headers["x-routelab-arm"] == SMALL
    assert fake.keys == [f"Bearer {SECRET}"] * 2
    errors = OutcomeTable.open(tmp_path / "log").calls["error"].to_list()
    assert [error[:8] for error in errors] == ["HTTP 429", "HTTP 500"]
    assert SECRET not in throttled.text + broken.text + "".join(errors)


def test_an_upstream_that_is_not_there_is_a_bad_gateway(router: Router, tmp_path: Path) -> None:
    with gateway(router, "http://127.0.0.1:9/v1", tmp_path / "log") as client:
        reply = ask(client)
    assert reply.status_code == 502 and reply.json()["error"]["type"] == "upstream_error"


def test_a_stream_that_breaks_ends_with_an_error_event(
    router: Router, upstream: tuple[Upstream, str], tmp_path: Path
) -> None:
    fake, address = upstream
    fake.breaks = True
    with gateway(router, address, tmp_path / "log") as client:
        reply = ask(client, stream=True)
    assert json.loads(reply.text.split("data: ")[-1])["error"]["message"] == "the upstream's stream ended early"
    assert OutcomeTable.open(tmp_path / "log").calls["error"].to_list() == ["the upstream's stream ended early"]


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (b"{", 400, "expected JSON"),
        (b"[]", 400, "expected a JSON object"),
        (b'{"model": "ridge"}', 400, "expected a list of messages"),
        (b'{"model": "ridge", "messages": [{"role": "usr", "content": ""}]}', 400, 'did you mean "user"'),
        (b'{"model": "ridge", "messages": [{"role": "user", "content": 3}]}', 400, "messages[0].content"),
        (b'{"model": "ridge", "stream_options": 1, "messages": [{"role": "user"}]}', 400, "stream_options"),
        (b'{"model": "rigde", "messages": [{"role": "user", "content": ""}]}', 404, 'did you mean "ridge"'),
        (b'{"messages": [{"role": "user", "content": ""}]}', 404, "the model None does not exist"),
    ],
)
def test_a_wrong_request_is_told_what_is_wrong(
    router: Router, tmp_path: Path, body: bytes, status: int, says: str
) -> None:
    with gateway(router, "http://127.0.0.1:9/v1", tmp_path / "log") as client:
        reply = client.post("/chat/completions", content=body)
    assert reply.status_code == status and says in reply.json()["error"]["message"]
    assert OutcomeTable.open(tmp_path / "log").calls.is_empty()


def test_what_cannot_be_served_is_refused_before_it_starts(router: Router, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY, raising=False)
    with pytest.raises(PrerequisiteError, match=KEY):
        upstreams(endpoints("http://x/v1", KEY), router.arms_)
    with pytest.raises(InputError, match="expected a provider with the back-end openai"):
        upstreams(Endpoints({"cloud": Provider("tools")}, endpoints("").models), router.arms_)
    with pytest.raises(InputError, match="base_ur"):
        upstreams(Endpoints({"cloud": Provider("openai", {"base_ur": "x"})}), router.arms_)


def test_an_arm_says_how_its_model_is_asked() -> None:
    served = upstreams(endpoints("http://x/v1/"), [f"{BIG}@low#cot", SMALL])
    messages = [{"role": "user", "content": "hi"}]
    body = served[f"{BIG}@low#cot"].body({"model": "ridge", "messages": messages})
    assert body["messages"][0]["role"] == "system" and body["messages"][1:] == messages
    assert (body["model"], body["reasoning_effort"], body["max_tokens"]) == ("big", "low", 128)
    assert served[f"{BIG}@low#cot"].body({"messages": messages, "max_tokens": 9})["max_tokens"] == 9
    assert served[SMALL].body({"messages": messages}) == {"messages": messages, "model": "small"}
    assert served[SMALL].url == "http://x/v1/chat/completions"


# -- the command ------------------------------------------------------------------------------------


def test_the_command_serves_until_it_is_told_to_stop(
    router: Router, upstream: tuple[Upstream, str], tmp_path: Path
) -> None:
    save_artifact(router, tmp_path / "artifact")
    (tmp_path / "endpoints.yaml").write_text(
        f"providers:\n  cloud: {{backend: openai, options: {{base_url: '{upstream[1]}', key_env: {KEY}}}}}\n"
    )
    command = [sys.executable, "-c", "from routelab.cli import main; main()", "serve", str(tmp_path / "artifact")]
    options = ["--endpoints", str(tmp_path / "endpoints.yaml"), "--log", str(tmp_path / "log"), "--port", "0", "--json"]
    environment = os.environ | {KEY: SECRET}
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        told = ""
        while not told.endswith("}\n"):
            told += process.stdout.readline()
        ready = json.loads(told)
        with httpx2.Client(base_url=ready["url"], timeout=30) as client:
            assert ask(client, model=ready["model"]).status_code == 200
        process.send_signal(signal.SIGINT)
        process.wait(30)
    assert OutcomeTable.open(tmp_path / "log").calls.height == 1
    assert not [path for path in (tmp_path / "log").iterdir() if SECRET.encode() in path.read_bytes()]
