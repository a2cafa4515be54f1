"""What a tool is given to read: the last thing the user said, what was said before it, and lettered options.

Only the text of the conversation counts; instructions of the system are for models. Knows no tool and no question.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from routelab.core import Turn

_OPTION = re.compile(r"^[ \t]*\(?([A-Z])[).:][ \t]+(\S.*?)[ \t]*$", re.MULTILINE)
_LEADING_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?![\w.,:/])")


class Prompt(msgspec.Struct, frozen=True):
    """The user's last words without their options, the user's earlier words, and the options by their letters."""

    text: str
    earlier: str = ""
    options: dict[str, str] = {}

    @classmethod
    def of(cls, turns: Sequence[Turn]) -> Prompt:
        """Read a conversation; options are at least two lines like ``A) Paris`` in the last turn.

        >>> Prompt.of([Turn("user", "1 + 1?\\nA) 3\\nB) 2")])
        Prompt(text='1 + 1?\\n\\n', earlier='', options={'A': '3', 'B': '2'})
        """
        *before, last = [turn.content for turn in turns if turn.role == "user"] or [""]
        options: dict[str, str] = dict(_OPTION.findall(last))
        if len(options) < 2:
            options = {}
        return cls(_OPTION.sub("", last) if options else last, "\n\n".join(before), options)

    def letter(self, answer: str) -> str | None:
        """The letter of the only option that says ``answer``, or begins with that number."""
        wanted = answer.casefold()
        found = [
            letter
            for letter, option in self.options.items()
            if option.casefold() == wanted or ((number := _LEADING_NUMBER.match(option)) and number[0] == wanted)
        ]
        return found[0] if len(found) == 1 else None
