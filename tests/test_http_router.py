"""A router behind an address: what it is asked, how its answer is read, and how its failures are told."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from routelab.arena.adapters import HttpRouter
from routelab.arena.candidates import arm_indices, resolve
from routelab.core.errors import ContractError, InputError, PrerequisiteError
from routelab.encode import QueryBatch

PROMPTS = QueryBatch.of(["short", "a much longer prompt than the other", "tiny"])


class Upstream(ThreadingHTTPServer):
    """Long prompts go to ``lab/big``; ``script`` overrides the status of the first requests of a prompt."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[dict[str, Any]] = []
        self.tries: Counter[str] = Counter()
        self.script: dict[str, list[int]] = {}
        self.answer: Any = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Upstream

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.requests.append({"path": self.path, "body": body, "key": self.headers.get("authorization")})
        prompt = body["messages"][0]["content"]
        tried = self.server.tries[prompt]
        self.server.tries[prompt] += 1
        script = self.server.script.get(prompt, [])
        status = script[tried] if tried < len(script) else 200
        if status == 0:  # hang up without a word
            self.close_connection = True
            return
        answer = self.server.answer or {"model": "lab/big" if len(prompt) > 10 else "lab/small"}
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def patient(url: str, **options: Any) -> HttpRouter:
    return HttpRouter(url, pause=lambda seconds: None, **options)


def test_the_chosen_arm_is_the_model_of_the_answer(upstream: Upstream) -> None:
    assert HttpRouter(upstream.url + "/v1").route(PROMPTS) == ["lab/small", "lab/big", "lab/small"]


def test_one_token_is_asked_of_the_model_auto(upstream: Upstream) -> None:
    HttpRouter(upstream.url + "/v1").route(PROMPTS.take([0]))
    (request,) = upstream.requests
    assert request["path"] == "/v1/chat/completions"
    assert request["body"] == {
        "model": "auto",
        "messages": [{"role": "user", "content": "short"}],
        "max_tokens": 1,
    }
    assert request["key"] is None


@pytest.mark.parametrize("path", ["", "/", "/v1", "/v1/", "/v1/chat/completions"])
def test_an_address_may_be_written_in_full_or_short(upstream: Upstream, path: str) -> None:
    HttpRouter(upstream.url + path).route(PROMPTS.take([0]))
    assert upstream.requests[0]["path"] == "/v1/chat/completions"


def test_the_fragment_names_another_model(upstream: Upstream) -> None:
    router = HttpRouter(upstream.url + "/v1#cheap-first")
    router.route(PROMPTS.take([0]))
    assert upstream.requests[0]["body"]["model"] == "cheap-first"
    assert "cheap-first" in router.name


def test_answers_keep_the_order_of_the_queries_however_many_threads_ask(upstream: Upstream) -> None:
    texts = [("long " * 9 if k % 3 else "s") + str(k) for k in range(60)]
    chosen = HttpRouter(upstream.url, concurrency=16).route(QueryBatch.of(texts))
    assert chosen == ["lab/big" if k % 3 else "lab/small" for k in range(60)]


@pytest.mark.parametrize("first", [0, 429, 503])
def test_what_may_pass_is_tried_again(upstream: Upstream, first: int) -> None:
    upstream.script = {"short": [first, first]}
    assert patient(upstream.url).route(PROMPTS.take([0])) == ["lab/small"]
    assert upstream.tries["short"] == 3


def test_a_router_that_stays_down_names_address_and_query(upstream: Upstream) -> None:
    upstream.script = {"tiny": [0] * 9}
    with pytest.raises(PrerequisiteError, match=r"127\.0\.0\.1:\d+/v1/chat/completions query 2: .*3 tries"):
        patient(upstream.url).route(PROMPTS)


def test_a_refusal_is_not_tried_again(upstream: Upstream) -> None:
    upstream.script = {"short": [401]}
    with pytest.raises(PrerequisiteError, match=r"HTTP 401.*api_key_env"):
        patient(upstream.url).route(PROMPTS.take([0]))
    assert upstream.tries["short"] == 1


@pytest.mark.parametrize("answer", [{"choices": []}, {"model": None}, {"model": 3}, ["lab/big"], "lab/big"])
def test_an_answer_without_a_model_breaks_the_contract(upstream: Upstream, answer: Any) -> None:
    upstream.answer = answer
    with pytest.raises(ContractError, match="a JSON object that names its model"):
        patient(upstream.url).route(PROMPTS.take([0]))


def test_the_key_is_sent_and_never_shown(upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROUTER_KEY", "sesame-123")
    address = upstream.url.replace("http://", "http://user:hunter2@") + "/v1?token=abc987"
    router = patient(address, api_key_env="ROUTER_KEY")
    upstream.script = {"short": [418]}
    with pytest.raises(ContractError) as caught:
        router.route(PROMPTS.take([0]))
    assert upstream.requests[0]["path"].endswith("?token=abc987")
    shown = f"{caught.value} {router.name} {router!r}"
    assert not [secret for secret in ("sesame", "hunter2", "abc987") if secret in shown]


def test_the_key_is_the_bearer_token(upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROUTER_KEY", "sesame-123")
    patient(upstream.url, api_key_env="ROUTER_KEY").route(PROMPTS.take([0]))
    assert upstream.requests[0]["key"] == "Bearer sesame-123"


def test_a_missing_key_is_named_before_anything_is_sent(upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ROUTER_KEY", raising=False)
    with pytest.raises(PrerequisiteError, match="environment variable ROUTER_KEY"):
        patient(upstream.url, api_key_env="ROUTER_KEY").route(PROMPTS)
    assert upstream.requests == []


@pytest.mark.parametrize("address", ["ftp://host", "http://", "http://[", "http://host:port"])
def test_an_unreadable_address_is_an_input_error(address: str) -> None:
    with pytest.raises(InputError, match="router address"):
        HttpRouter(address)


def test_an_address_is_a_candidate(upstream: Upstream) -> None:
    candidate = resolve(upstream.url)
    assert candidate.fit == "unknown"
    assert candidate.name == f"auto at {upstream.url.removeprefix('http://')}"
    assert arm_indices(candidate.make(0).route(PROMPTS), ("lab/big", "lab/small"), PROMPTS, "http") == [1, 0, 1]


class TestNamesWithoutProvider:
    """A router may leave the provider out of a name where that can mean one arm only."""

    ARMS = ("east/big", "west/big", "east/small", "tiny")

    def test_one_arm_of_that_name_is_meant(self) -> None:
        assert arm_indices(["small", "tiny", "west/big"], self.ARMS, PROMPTS, "r") == [2, 3, 1]

    def test_two_arms_of_that_name_are_not_guessed(self) -> None:
        with pytest.raises(ContractError, match="expected an arm of the table, got 'big'"):
            arm_indices(["small", "big", "tiny"], self.ARMS, PROMPTS, "r")

    def test_the_full_name_comes_first(self) -> None:
        assert arm_indices(["small"] * 3, ("east/small", "small"), PROMPTS, "r") == [1, 1, 1]
