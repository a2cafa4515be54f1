"""What an edit may touch: ordinary words in the plain prose of a prompt. Knows no kind of edit.

Kept as they are: code, formulas, numbers, option lines and mentions of options, quoted text, lists, glosses such as
``kiki = frog``, and every line after the first that does not read as a sentence. Of the prose that is left, only
words of ``ORDINARY`` are edited: names, terms and facts are not among them.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from routelab.workload.perturb.wording import ORDINARY

_KEPT = re.compile(
    r"""
      ```.*?(?:```|\Z)                                   # fenced code
    | `[^`\n]*`                                          # inline code
    | \$\$.*?\$\$ | \$[^$\n]+\$                          # formulas
    | \\\(.*?\\\) | \\\[.*?\\\]
    | ^(?:[ ]{4}|\t)[^\n]*$                              # indented code
    | ^[ ]*(?:def|class|import|from|return|for|while|if|elif|else|\#include|public|SELECT)\b[^\n]*[:;{}>)\w]$
    | ^[^\n]*[;{}][ ]*$                                  # a line that ends like code
    | ^[ ]*\(?[A-Z][.):][ \t][^\n]*                      # answer options: "A. one" "(B) two" "C: three"
    | (?<=\n)(?=[^\n]*\d)[^\n]+                          # later lines with numbers in them …
    | (?<=\n)[^\n]*[^\s.?!:…](?=[ \t]*(?:\n|\Z))         # … or without the end of a sentence
    | "[^"\n]*" | “[^”]*” | „[^“”]*[“”] | «[^»]*» | ‘[^’\n]*’ | (?<!\w)'[^'\n]+'(?!\w)
    | :[ ]+[^,.?!\n"“„«]{0,200},[^.?!\n"“„«]*            # what a colon lists
    | (?<![^\s"“„«])[^\s,"“„«]+(?:,[ ]+[^\s,"“„«]+){2,} # single words in a row
    | \b\w+[ ]+(?:=|:|→|->)[ ]+\w+                       # glosses and analogies
    | \b[Tt]he[ ](?:word|letter|name|string)s?[ ]+\S+    # a word that is spoken of
    | \bhttps?://\S+
    | \([A-Za-z]\) | \b[A-Z]\b                           # mentions of options
    | (?<!\S)\S*[\d_\\=<>|{}\[\]/@\#]\S*                 # numbers, names of code, paths, markup
    """,
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)
_WORD = re.compile(r"(?<![\w'’-])[A-Za-z][a-z]+(?![\w'’-])")


def in_prose(text: str, change: Callable[[str], str]) -> str:
    """``text`` with ``change`` applied to every stretch of prose.

    >>> in_prose("add 12 and 7 to x_1", str.upper)
    'ADD 12 AND 7 TO x_1'
    """
    kept = [*_KEPT.findall(text), ""]
    return "".join(change(stretch) + fixed for stretch, fixed in zip(_KEPT.split(text), kept))


def on_words(text: str, change: Callable[[str], str], guarded: frozenset[str] = frozenset()) -> str:
    """``text`` with ``change`` applied to every ordinary word of its prose that is not ``guarded``.

    >>> on_words('Which word means "which"?', str.upper)
    'WHICH WORD MEANS "which"?'
    """

    def swap(word: re.Match[str]) -> str:
        lower = word[0].lower()
        return change(word[0]) if lower in ORDINARY and lower not in guarded else word[0]

    return in_prose(text, lambda stretch: _WORD.sub(swap, stretch))


def words(text: str, guarded: frozenset[str] = frozenset()) -> list[str]:
    """The words that ``on_words`` would change, in order."""
    found: list[str] = []

    def keep(word: str) -> str:
        found.append(word)
        return word

    on_words(text, keep, guarded)
    return found
