"""From the messages of an OpenAI-style request to a ``Query``, so that a router reads what it read in the arena."""

from __future__ import annotations

from typing import Any

from routelab.core import InputError, Query, Turn
from routelab.core.errors import nearest, shorten
from routelab.core.types import Role

ROLES: dict[str, Role] = {
    "assistant": "assistant",
    "developer": "system",
    "function": "tool",
    "system": "system",
    "tool": "tool",
    "user": "user",
}


def query_of(id: str, messages: Any, where: str = "messages") -> Query:
    """The conversation as a query; parts of a message that are not text are not shown to routers.

    >>> parts = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": "…"}}]
    >>> query_of("d1", [{"role": "system", "content": "Be brief."}, {"role": "user", "content": parts}]).text
    'What is this?'

    Raises InputError naming the message that is none.
    """
    if not isinstance(messages, list) or not messages:
        raise InputError(where, expected="a list of messages", got=shorten(messages), fix="send at least one")
    return Query(id=id, turns=tuple(_turn(f"{where}[{place}]", each) for place, each in enumerate(messages)))


def _turn(where: str, message: Any) -> Turn:
    if not isinstance(message, dict):
        raise InputError(where, expected="an object with role and content", got=shorten(message), fix="correct it")
    role = message.get("role")
    if not isinstance(role, str) or role not in ROLES:
        raise InputError(
            f"{where}.role", expected="a known role", got=shorten(role), fix=nearest(str(role or ""), ROLES)
        )
    return Turn(ROLES[role], _text(f"{where}.content", message.get("content")))


def _text(where: str, content: Any) -> str:
    if content is None:
        return ""
    parts = [{"text": content}] if isinstance(content, str) else content
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        raise InputError(where, expected="text or a list of parts", got=shorten(content), fix="correct it")
    return "\n".join(part["text"] for part in parts if isinstance(part.get("text"), str))
