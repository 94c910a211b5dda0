"""Nearly-JSON, read without loss: each accepted deviation has exactly one meaning, everything else raises Unreadable.

Accepted: comments, trailing commas, bare keys, NaN and Python's constants as metadata, raw line ends, typographic
quotes, full-width punctuation, triple-quoted and backtick strings without a backslash, "a" + "b", a missing comma
between two objects or between a path and its content, and the last brace missing after a closed array. A quote inside
a string that is not followed by what may follow a string is refused: where such a string ends would be a guess.
"""

from __future__ import annotations

import json
import re
from typing import Any

from agents.answers.strict_json import Inexact, is_torn, loads, unique_keys

_CLOSING = {'"': '"', "“": "”", "„": "“", "”": "”"}
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None, "True": True, "False": False, "None": None}
_WORDS |= dict.fromkeys(("NaN", "Infinity", "-Infinity", "undefined"), Inexact("nan"))
_WORD = re.compile(r"-?[A-Za-z]+|[-+]?\d[\d.eE+-]*")
_KEY = re.compile(r"[A-Za-z_$][\w$]*")
_BODY = {
    closing: re.compile(rf"[^{closing}\\]*+(?:\\.[^{closing}\\]*+)*+", re.DOTALL) for closing in set(_CLOSING.values())
}
_BAD_ESCAPE = re.compile(r'(?:[^\\]++|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*+(?P<escape>\\.)', re.DOTALL)
_BARE_QUOTE = re.compile(r'(\\.)|"', re.DOTALL)
_SPACE = re.compile("[ \t\r\n\ufeff\u00a0\u3000]*")
_CONTENT_KEY = re.compile(r'"(?:content|contents|code|source|text)"\s*:', re.IGNORECASE)
_COLONS, _COMMAS = ":\uff1a", ",\uff0c"
_AFTER_A_STRING = f"{_COLONS}{_COMMAS}}}]+)"
_DEEPEST = 60


class Unreadable(ValueError):
    """The text is not JSON, or can be read in two ways."""

    def __init__(self, message: str, *, open_ended: bool = False) -> None:
        super().__init__(message)
        self.open_ended = open_ended
        """The text stops in the middle."""
        self.pos: int = 0
        """Where in the text reading stopped."""


def tolerant_value_at(text: str, start: int, *, closes: bool = True) -> tuple[Any, int]:
    """The value that begins at `start`, and where it ends. With `closes` the very last brace may be missing.

    Raises Unreadable, or Rejected for a key with two values.
    """
    reader = _Reader(text, start, closes)
    try:
        return reader.value(), reader.at
    except Unreadable as error:
        error.pos = reader.at
        raise


class _Reader:
    """A cursor over the text; every method leaves it behind what it read."""

    def __init__(self, text: str, start: int, closes: bool) -> None:
        self.text = text
        self.at = start
        self.closes = closes
        self.depth = 0

    def peek(self) -> str:
        """The next character that is neither white space nor comment; empty at the end."""
        text = self.text
        while True:
            match = _SPACE.match(text, self.at)
            self.at = match.end() if match else self.at
            if text.startswith(("//", "#"), self.at):
                end = text.find("\n", self.at)
                self.at = len(text) if end < 0 else end
            elif text.startswith("/*", self.at):
                self.at = self._find("*/", self.at + 2, "a comment") + 2
            else:
                return text[self.at : self.at + 1]

    def value(self) -> Any:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise Unreadable("nested too deeply")
        value = self._value(self.peek())
        self.depth -= 1
        return value

    def _value(self, first: str) -> Any:
        if first == "{":
            return self._object()
        if first == "[":
            return self._array()
        if first == "(":
            return self._parenthesised()
        if first in _CLOSING or first == "`" or self.text.startswith("'''", self.at):
            return self._sum_of_strings()
        if match := _WORD.match(self.text, self.at):
            self.at = match.end()
            return _word(match.group())
        raise Unreadable(f"{first!r} where a value should begin" if first else "the text ends", open_ended=not first)

    def _object(self) -> dict[str, Any]:
        self.at += 1
        pairs: list[tuple[str, Any]] = []
        while (here := self.peek()) != "}":
            if not here:
                return self._closed_by_the_end(pairs)
            key = self._key()
            if not _is_one_of(self.peek(), _COLONS):
                raise Unreadable(f"no colon after the key {key[:60]!r}", open_ended=not self.peek())
            self.at += 1
            pairs.append((key, self.value()))
            self._after_member(pairs[-1])
        self.at += 1
        return unique_keys(pairs)

    def _after_member(self, pair: tuple[str, Any]) -> None:
        after = self.peek()
        if _is_one_of(after, _COMMAS):
            self.at += 1
        elif after in ("}", "") or (
            pair[0].lower().endswith(("path", "name")) and _CONTENT_KEY.match(self.text, self.at)
        ):
            return
        else:
            raise Unreadable(f"{after!r} after the value of {pair[0][:60]!r}")

    def _closed_by_the_end(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        """Only the outermost brace may be missing, and only after a closed array without a comma behind it."""
        more_follows = self.text.rstrip().endswith(tuple(_COMMAS))
        if self.closes and self.depth == 1 and pairs and isinstance(pairs[-1][1], list) and not more_follows:
            return unique_keys(pairs)
        raise Unreadable("an object is never closed", open_ended=True)

    def _array(self) -> list[Any]:
        self.at += 1
        items: list[Any] = []
        while self.peek() != "]":
            items.append(self.value())
            after = self.peek()
            if _is_one_of(after, _COMMAS):
                self.at += 1
            elif after != "]" and not (after == "{" and isinstance(items[-1], dict)):
                raise Unreadable(f"{after!r} after an item of an array", open_ended=not after)
        self.at += 1
        return items

    def _key(self) -> str:
        if self.peek() in _CLOSING:
            return self._string()
        match = _KEY.match(self.text, self.at)
        if not match:
            raise Unreadable(f"{self.peek()!r} where a key should begin")
        self.at = match.end()
        return match.group()

    def _parenthesised(self) -> str:
        """Python's `("one line\\n" "the next\\n")`."""
        self.at += 1
        parts: list[str] = []
        while (here := self.peek()) != ")":
            if here not in _CLOSING:
                raise Unreadable("something other than strings in parentheses", open_ended=not here)
            parts.append(self._string(more_may_follow=True))
        self.at += 1
        if not parts:
            raise Unreadable("empty parentheses")
        return "".join(parts)

    def _sum_of_strings(self) -> str:
        parts = [self._any_string()]
        while self.peek() == "+":
            self.at += 1
            if self.peek() not in _CLOSING:
                raise Unreadable("'+' without a string behind it", open_ended=not self.peek())
            parts.append(self._string())
        return "".join(parts)

    def _any_string(self) -> str:
        for mark in ('"""', "'''", "`"):
            if self.text.startswith(mark, self.at):
                return self._raw_string(mark)
        return self._string()

    def _string(self, *, more_may_follow: bool = False) -> str:
        if self.text.startswith('"""', self.at):
            raise Unreadable("a triple-quoted string where a plain one should stand")
        closing = _CLOSING[self.text[self.at]]
        match = _BODY[closing].match(self.text, self.at + 1)
        assert match
        self.at = match.end()
        if not self.text.startswith(closing, self.at):
            raise Unreadable("a string is never closed", open_ended=True)
        self.at += 1
        self._check_end(closing, more_may_follow)
        return _decoded(match.group())

    def _check_end(self, closing: str, more_may_follow: bool) -> None:
        end = self.at
        after = self.peek()
        if not after or after in _AFTER_A_STRING or (more_may_follow and after in _CLOSING):
            return
        if closing != '"' or not _CONTENT_KEY.match(self.text, self.at):
            raise Unreadable(f"an unescaped quote inside a string at character {end}")

    def _raw_string(self, mark: str) -> str:
        """Text between triple quotes or backticks. What a backslash or `${` in it means depends on the language."""
        start = self.at + len(mark)
        end = self._find(mark, start, f"a string that begins with {mark}")
        text = self.text[start:end]
        self.at = end + len(mark)
        if "\\" in text or (mark == "`" and "${" in text):
            raise Unreadable(f"escapes between {mark} can be read in two ways")
        if self.peek() not in ("", ",", "}", "]"):
            raise Unreadable(f"{mark} inside a string that {mark} encloses")
        return text

    def _find(self, mark: str, start: int, what: str) -> int:
        end = self.text.find(mark, start)
        if end < 0:
            raise Unreadable(f"{what} is never closed", open_ended=True)
        return end


def _is_one_of(character: str, characters: str) -> bool:
    return bool(character) and character in characters


def _word(word: str) -> Any:
    if word in _WORDS:
        return _WORDS[word]
    try:
        return loads(word)
    except ValueError as error:
        raise Unreadable(f"{word[:40]!r} is no value") from error


def _decoded(body: str) -> str:
    """The text of a string in which only the escapes of JSON occur. Line ends may be raw."""
    if "\\" not in body:
        return body
    if is_torn(body):
        raise Unreadable("raw line ends and \\n in one string; escape all line ends, and the backslashes of the code")
    if bad := _BAD_ESCAPE.match(body):
        escape = bad["escape"]
        raise Unreadable(f"{escape} is no escape of JSON, so the other escapes of the string cannot be trusted either")
    escaped = _BARE_QUOTE.sub(lambda match: match[1] or '\\"', body) if '"' in body else body
    text: str = json.loads(f'"{escaped}"', strict=False)
    return text
