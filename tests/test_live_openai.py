"""An OpenAI-compatible endpoint, played by a loopback server: streaming, usage, retries, secrets."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from routelab.core import Completion, ContractError, InputError, PrerequisiteError, Sampling, Turn
from routelab.pool.live import Endpoints, Provider, endpoints
from routelab.pool.live.openai import EndpointError, OpenAIChat

KEY = "sk-very-secret-0123456789"
ASK = [Turn("user", "2 + 2?")]
CHUNKS: list[dict[str, Any]] = [
    {"model": "m-2026", "choices": [{"delta": {"role": "assistant", "content": ""}}]},
    {"choices": [{"delta": {"content": "Fo"}}]},
    {"choices": [{"delta": {"content": "ur"}, "finish_reason": "stop"}]},
    {
        "choices": [],
        "usage": {
            "prompt_tokens": 12,
            "completion_tokens": 30,
            "prompt_tokens_details": {"cached_tokens": 8},
            "completion_tokens_details": {"reasoning_tokens": 25},
        },
    },
]


class Endpoint:
    """What the server will answer, one script entry a request, and what it was sent."""

    def __init__(self, script: list[tuple[int, Any]]) -> None:
        self.script, self.requests, self.headers = script, [], []  # type: ignore[var-annotated]
        self.url = ""


@contextmanager
def served(*script: tuple[int, Any]) -> Iterator[Endpoint]:
    endpoint = Endpoint(list(script))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            endpoint.requests.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            endpoint.headers.append(dict(self.headers))
            status, content = endpoint.script.pop(0)
            body = content if isinstance(content, str) else stream_of(content)
            self.send_response(status)
            if status == 429:
                self.send_header("Retry-After", "7")
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    endpoint.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield endpoint
    finally:
        server.shutdown()
        server.server_close()


def stream_of(chunks: list[dict[str, Any]]) -> str:
    return "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"


def ask(endpoint: Endpoint, **options: Any) -> Completion:
    options = {"key_env": "TEST_KEY", "pause": lambda _: None} | options
    return OpenAIChat(endpoint.url, "m", **options)(ASK, Sampling(max_tokens=9, seed=5, stop=("\n",)))


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KEY", KEY)


def test_an_answer_is_streamed_with_its_bill_of_materials() -> None:
    with served((200, CHUNKS)) as endpoint:
        answer = ask(endpoint, effort="low")
    assert (answer.text, answer.model, answer.finish_reason) == ("Four", "m-2026", "stop")
    assert (answer.input_tokens, answer.cached_tokens) == (12, 8)
    assert (answer.output_tokens, answer.reasoning_tokens) == (5, 25)
    assert answer.ttft_s is not None and answer.latency_s is not None and 0 < answer.ttft_s <= answer.latency_s
    sent = endpoint.requests[0]
    assert sent["messages"] == [{"role": "user", "content": "2 + 2?"}]
    assert (sent["max_tokens"], sent["seed"], sent["stop"], sent["reasoning_effort"]) == (9, 5, ["\n"], "low")
    assert endpoint.headers[0]["Authorization"] == f"Bearer {KEY}"


def test_an_answer_may_hold_what_unicode_calls_a_line_end() -> None:
    text = "one\u2028two\x85three\x0bfour"
    chunk = {"choices": [{"delta": {"content": text}, "finish_reason": "stop"}]}
    with served((200, f"data: {json.dumps(chunk, ensure_ascii=False)}\r\n\r\ndata: [DONE]\r\n\r\n")) as endpoint:
        assert ask(endpoint).text == text


def test_the_body_can_be_overridden_and_a_key_left_out() -> None:
    with served((200, CHUNKS)) as endpoint:
        ask(endpoint, key_env=None, body={"max_tokens": None, "max_completion_tokens": 9})
    assert "max_tokens" not in endpoint.requests[0] and endpoint.requests[0]["max_completion_tokens"] == 9
    assert "Authorization" not in endpoint.headers[0]


def test_throttling_and_server_errors_are_tried_again() -> None:
    pauses: list[float] = []
    with served((429, "slow down"), (503, "busy"), (200, CHUNKS)) as endpoint:
        assert ask(endpoint, pause=pauses.append).text == "Four"
    assert pauses[0] == 7.0 and 0.25 <= pauses[1] <= 2.0


def test_it_gives_up_after_its_retries_and_never_shows_the_key() -> None:
    with served(*[(500, f"internal, key {KEY}")] * 3) as endpoint, pytest.raises(EndpointError) as caught:
        ask(endpoint, retries=2)
    assert "3 tries" in str(caught.value) and "[key]" in str(caught.value)
    assert KEY not in str(caught.value) and len(endpoint.requests) == 3


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refusal_ends_at_once_and_never_shows_the_key(status: int) -> None:
    with served((status, f"Incorrect API key provided: {KEY}")) as endpoint, pytest.raises(PrerequisiteError) as caught:
        ask(endpoint)
    assert KEY not in str(caught.value) and KEY not in repr(caught.value)
    assert len(endpoint.requests) == 1


def test_a_bad_request_is_that_calls_error_only() -> None:
    with served((400, "context too long")) as endpoint, pytest.raises(EndpointError, match="context too long"):
        ask(endpoint)


def test_a_missing_key_names_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_KEY")
    with served() as endpoint, pytest.raises(PrerequisiteError, match="export TEST_KEY"):
        ask(endpoint)


def test_an_endpoint_that_is_not_there_is_tried_again_then_reported() -> None:
    with served() as endpoint:
        pass
    with pytest.raises(EndpointError, match="gave up after 2 tries"):
        ask(endpoint, retries=1)


@pytest.mark.parametrize("body", ["data: {not json\n\n", "data: [1]\n\n", 'data: {"no": "choices"}\n\n'])
def test_what_is_not_a_chunk_breaks_the_contract(body: str) -> None:
    with served((200, body)) as endpoint, pytest.raises(ContractError, match=r"chat\.completion\.chunk"):
        ask(endpoint)


def test_a_stream_that_breaks_off_is_an_error_not_an_answer() -> None:
    with served((200, CHUNKS[:2])) as endpoint, pytest.raises(EndpointError, match="finish_reason"):
        ask(endpoint)


def test_an_error_event_in_the_stream_is_reported() -> None:
    events = [{"error": {"message": "overloaded"}}]
    with served((200, events)) as endpoint, pytest.raises(EndpointError, match="overloaded"):
        ask(endpoint)


def test_providers_connect_arms_by_name(tmp_path: Any) -> None:
    file = tmp_path / "endpoints.yaml"
    with served((200, CHUNKS)) as endpoint:
        file.write_text(
            f"providers:\n  mine: {{backend: openai, options: {{base_url: '{endpoint.url}'}}}}\n"
            "models:\n  - id: mine/m\n    prices:\n      - {input_usd_per_mtok: 1, output_usd_per_mtok: 2, "
            "date: 2026-01-01, source: test}\n"
        )
        known = endpoints(file)
        assert known.connect("mine/m@high#cot")(ASK, Sampling()).text == "Four"
    assert endpoint.requests[0]["model"] == "m" and endpoint.requests[0]["reasoning_effort"] == "high"
    card = known.card("mine/m#direct")
    assert card is not None and card.prices[0].output_usd_per_mtok == 2


def test_unknown_providers_and_options_are_one_clear_error() -> None:
    with pytest.raises(InputError, match='did you mean "openai"'):
        endpoints().connect("opnai/gpt")
    with pytest.raises(InputError, match="options of the back-end"):
        Endpoints({"mine": Provider("llamacpp", {"thread": 1})}).connect("mine/model")
