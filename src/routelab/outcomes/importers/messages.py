"""Messages and answers in the dialects that logs are written in: OpenAI, Anthropic, OpenTelemetry, plain text.

Parts that are not text (images, files, tool calls) are named in brackets, so that nobody takes such a query for
one of text alone.
"""

from __future__ import annotations

from typing import Any

import msgspec

from routelab.core.errors import InputError, shorten
from routelab.core.types import Role, Turn
from routelab.outcomes.importers.base import text_of

_ROLES: dict[str, Role] = {
    "system": "system", "developer": "system",
    "user": "user", "human": "user",
    "assistant": "assistant", "model": "assistant", "ai": "assistant",
    "tool": "tool", "function": "tool",
}  # fmt: skip


def turns_of(messages: Any, place: str) -> tuple[Turn, ...]:
    """The turns of a request: its messages, or a body that holds them; raises InputError for anything else."""
    match messages:
        case None:
            return ()
        case str():
            parsed = _json(messages)
            return (Turn("user", messages),) if parsed is None else turns_of(parsed, place)
        case {"messages": asked} | {"input": asked}:
            told = content_of(messages.get("instructions") or messages.get("system"))
            return (*((Turn("system", told),) if told else ()), *turns_of(asked, place))
        case {"role": str(role)} if role in _ROLES:
            return (Turn(_ROLES[role], content_of(messages.get("content", messages.get("parts")))),)
        case [*several]:
            return tuple(turn for message in several for turn in turns_of(message, place))
        case _:
            raise InputError(
                place,
                expected="messages with a role of system, user, assistant or tool",
                got=shorten(messages),
                fix="correct this message",
            )


def content_of(content: Any) -> str:
    """A message's text: a string, or the text of its parts."""
    match content:
        case None:
            return ""
        case str():
            return content
        case {"text": inner} | {"content": inner} if inner is not None:
            return content_of(inner)
        case {"type": str(kind)}:
            return f"[{kind}]"
        case [*parts]:
            return "\n".join(map(content_of, parts))
        case _:
            return text_of(content) or ""


def answer_of(response: Any) -> str | None:
    """The text of a chat completion, a Responses object, messages, or text itself; None where there is none."""
    match response:
        case str():
            parsed = _json(response)
            return response if parsed is None else answer_of(parsed)
        case {"choices": [{"message": said}, *_]} | {"choices": [{"text": said}, *_]}:
            return answer_of(said)
        case {"output": [*items]}:
            return "\n".join(filter(None, map(_message_text, items))) or None
        case {"content": said} | {"parts": said}:
            return content_of(said) or None
        case [*several]:
            return "\n".join(filter(None, map(answer_of, several))) or None
        case _:
            return None


def _message_text(item: Any) -> str | None:
    """The text of a Responses item; reasoning and tool calls have none."""
    return answer_of(item) if isinstance(item, dict) and item.get("type") == "message" else None


def _json(text: str) -> Any:
    """The object or list that a text holds, as some logs store messages; None for other text."""
    if text[:1] not in ("[", "{"):
        return None
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None
