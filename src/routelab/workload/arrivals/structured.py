"""Requests that hang together: conversations, agents that fan out, trees of thought, and clients in a closed loop.

The first three are open loop: what follows an answer arrives after an assumed time for each of its tokens, for the true
one is the pool's to find out. All share prefixes through ``hash_ids``, which tell of the prompt. With ``keep_answers``
they go on over the answer, which the next prompt contains and a server's cache keeps: then their number gives away how
long the answer will be, and a policy may be shown only the first ``input_tokens // hash_tokens``.
Vectorised over tasks; loops run over the steps of one task.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, TypeVar

import numpy as np
from msgspec import Meta

from routelab.core.arrivals import Arrivals
from routelab.core.decisions import Floats, Ints
from routelab.core.errors import InputError
from routelab.core.seeds import stream
from routelab.workload.arrivals.content import Owners, with_content
from routelab.workload.arrivals.lengths import AnyLength
from routelab.workload.arrivals.part import Count, Delay, NoTokens, Seconds, Tokens
from routelab.workload.arrivals.processes import AnyProcess
from routelab.workload.arrivals.workload import Workload

MOST_REQUESTS = 100_000_000
N = TypeVar("N", Floats, Ints)


class Structured(Workload, frozen=True, kw_only=True):
    """What conversations, agents and trees share. `starts`, `n` and `horizon_s` are of tasks, not of requests."""

    starts: AnyProcess
    first: AnyLength
    answer: AnyLength
    n: Count | None = None
    horizon_s: Seconds | None = None
    system_tokens: NoTokens = 0
    system_prompts: Count = 1
    answer_token_s: Delay = 0.02
    keep_answers: bool = False
    hash_tokens: Tokens = 64

    def _begun(self, seed: int) -> tuple[Floats, Ints, Owners]:
        """Times of the tasks, the first block id of the system prompt of each, and who owns which ids."""
        times = self.starts.times(stream(seed, "arrivals", "times"), n=self.n, horizon_s=self.horizon_s)
        owners = Owners()
        prompts = owners.take(np.full(self.system_prompts, self.system_tokens), self.hash_tokens)
        choice = stream(seed, "arrivals", "system").integers(0, self.system_prompts, len(times))
        return times, prompts[choice], owners

    def _made(self, requests: Arrivals, system: Ints, layers: Sequence[tuple[Ints, Ints]]) -> Arrivals:
        """The requests with their content: the system prompt, then the layers of `with_content`."""
        outermost = np.full(len(requests), self.system_tokens), system
        covered = requests.input_tokens + (requests.output_tokens if self.keep_answers else 0)
        return with_content(requests, [outermost, *layers], self.hash_tokens, covered)


class Sessions(Structured, frozen=True, kw_only=True, tag="sessions"):
    """Conversations: the next prompt is the last prompt, its answer and new text, after a time to think.

    Turns are geometric with mean `turns`; a conversation ends where its prompt would exceed `most_tokens`.
    """

    follow: AnyLength
    turns: Annotated[float, Meta(ge=1.0, le=1000.0)]
    think_s: Delay
    most_tokens: Tokens = 131_072

    def _arrivals(self, seed: int) -> Arrivals:
        begun, system, owners = self._begun(seed)
        rng = stream(seed, "arrivals", "lengths")
        turns = rng.geometric(1 / self.turns, len(begun))
        session = np.repeat(np.arange(len(begun)), turns)
        opens = np.cumsum(turns) - turns
        text = self.follow.draw(rng, len(session))
        text[opens] = self.first.draw(rng, len(begun)) + self.system_tokens
        answer = self.answer.draw(rng, len(session))
        think = rng.exponential(self.think_s, len(session)) + answer * self.answer_token_s
        context = _running(text + answer, opens, turns)
        prompt = context - answer
        time = begun[session] + _running(think, opens, turns) - think
        own = owners.take(context[opens + turns - 1], self.hash_tokens)[session]
        kept = prompt <= self.most_tokens
        turn = np.arange(len(session)) - np.repeat(opens, turns)
        requests = Arrivals(time[kept], prompt[kept], answer[kept], session=session[kept], step=turn[kept])
        return self._made(requests, system[session[kept]], [(context[kept], own[kept])])


class Agents(Structured, frozen=True, kw_only=True, tag="agents"):
    """Tasks of several steps; step k makes ``widths[k]`` calls at once on all that is known, with own instructions.

    A step ends with its slowest call, then tools run for `tool_s` on average. What a single call was told and answered
    goes on in the context as it stands; of calls side by side only the answers do, one after the other.
    """

    instructions: AnyLength
    widths: Annotated[tuple[Annotated[int, Meta(ge=1, le=1000)], ...], Meta(min_length=1, max_length=1000)]
    tool_s: Delay = 1.0

    def _arrivals(self, seed: int) -> Arrivals:
        begun, system, owners = self._begun(seed)
        _few(len(begun) * sum(self.widths))
        rng = stream(seed, "arrivals", "lengths")
        now, known = begun, self.first.draw(rng, len(begun)) + self.system_tokens
        times: list[Floats] = []
        prompts: list[Ints] = []
        answers: list[Ints] = []
        common: list[Ints] = []
        for width in self.widths:
            told = self.instructions.draw(rng, len(begun) * width).reshape(-1, width)
            answer = self.answer.draw(rng, len(begun) * width).reshape(-1, width)
            alone = width == 1
            times.append(np.repeat(now[:, None], width, axis=1))
            prompts.append(known[:, None] + told)
            answers.append(answer)
            common.append(prompts[-1] + answer if alone else np.repeat(known[:, None], width, axis=1))
            known = known + answer.sum(axis=1) + (told[:, 0] if alone else 0)
            now = now + answer.max(axis=1) * self.answer_token_s + rng.exponential(self.tool_s, len(begun))
        task = np.repeat(np.arange(len(begun)), sum(self.widths))
        time = np.concatenate(times, axis=1).ravel()
        prompt, answered, shared = (np.concatenate(each, axis=1).ravel() for each in (prompts, answers, common))
        step = np.tile(np.repeat(np.arange(len(self.widths)), self.widths), len(begun))
        requests = Arrivals(time, prompt, answered, session=task, step=step)
        context = shared, owners.take(known, self.hash_tokens)[task]
        whole = requests.input_tokens + requests.output_tokens
        return self._made(requests, system[task], [context, (whole, owners.take(whole, self.hash_tokens))])


class Trees(Structured, frozen=True, kw_only=True, tag="trees"):
    """Trees of thought: every answer is gone on from in `branches` ways, down to `depth` levels.

    A prompt is that of its parent, the parent's answer and new text. Depth 4 with 2 branches are 15 requests.
    """

    follow: AnyLength
    depth: Annotated[int, Meta(ge=1, le=30)]
    branches: Annotated[int, Meta(ge=1, le=1000)]
    think_s: Delay = 0.0

    def _arrivals(self, seed: int) -> Arrivals:
        begun, system, owners = self._begun(seed)
        sizes = [self.branches**level for level in range(self.depth)]
        _few(max(len(begun), 1) * sum(sizes))
        shape, stops = (len(begun), sum(sizes)), np.cumsum(sizes)
        rng = stream(seed, "arrivals", "lengths")
        parents = (np.arange(shape[1]) - 1) // self.branches
        prompt, answer = (each.draw(rng, shape[0] * shape[1]).reshape(shape) for each in (self.follow, self.answer))
        prompt[:, 0] = self.first.draw(rng, len(begun)) + self.system_tokens
        time = rng.exponential(self.think_s, shape)
        time[:, 0] = begun
        for start, stop in pairwise(stops.tolist()):
            above = parents[start:stop]
            prompt[:, start:stop] += prompt[:, above] + answer[:, above]
            time[:, start:stop] += time[:, above] + answer[:, above] * self.answer_token_s
        whole = prompt + answer
        own = owners.take(whole.ravel(), self.hash_tokens).reshape(shape)
        node = np.arange(shape[1])
        layers = [(whole.ravel(), own.ravel())]
        for stop in stops[-2::-1].tolist():
            node = np.where(node >= stop, parents[node], node)
            layers.insert(0, (whole[:, node].ravel(), own[:, node].ravel()))
        tree = np.repeat(np.arange(len(begun)), shape[1])
        level = np.tile(np.repeat(np.arange(self.depth), sizes), len(begun))
        requests = Arrivals(time.ravel(), prompt.ravel(), answer.ravel(), session=tree, step=level)
        return self._made(requests, system[tree], layers)


def _running(values: N, opens: Ints, counts: Ints) -> N:
    """Running sums that begin anew at each place in `opens`."""
    sums = np.cumsum(values)
    return sums - np.repeat(sums[opens] - values[opens], counts)


def _few(requests: int) -> None:
    if requests > MOST_REQUESTS:
        raise InputError(
            "workload",
            expected=f"at most {MOST_REQUESTS} requests",
            got=str(requests),
            fix="fewer tasks, steps or branches",
        )
