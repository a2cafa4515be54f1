"""What a rewording may touch: the plain prose of a prompt. Code, formulas, numbers and option letters are kept."""

from __future__ import annotations

import re
from collections.abc import Callable

_KEPT = re.compile(
    r"""
      ```.*?(?:```|\Z)                                   # fenced code
    | `[^`\n]*`                                          # inline code
    | \$\$.*?\$\$ | \$[^$\n]+\$                          # formulas
    | \\\(.*?\\\) | \\\[.*?\\\]
    | ^(?:[ ]{4}|\t)[^\n]*$                              # indented code
    | ^[ ]*(?:def|class|import|from|return|for|while|if|elif|else|\#include|public|SELECT)\b[^\n]*[:;{}>)\w]$
    | ^[^\n]*[;{}][ ]*$                                  # a line that ends like code
    | \bhttps?://\S+
    | ^[ ]*\(?[A-Za-z][.):](?=\s)                        # answer options: "A." "(b)" "C:"
    | \([A-Za-z]\) | \b[A-Z]\b                           # … and mentions of them
    | \S*[\d_\\=<>|{}\[\]/@\#]\S*                        # numbers, names of code, paths, markup
    """,
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)


def prose(text: str) -> list[str]:
    """The stretches of prose, in order, between what must be kept."""
    return _KEPT.split(text)


def in_prose(text: str, change: Callable[[str], str]) -> str:
    """``text`` with ``change`` applied to every stretch of prose.

    >>> in_prose("add 12 and 7 to x_1", str.upper)
    'ADD 12 AND 7 TO x_1'
    """
    kept = [*_KEPT.findall(text), ""]
    return "".join(change(stretch) + fixed for stretch, fixed in zip(prose(text), kept))
