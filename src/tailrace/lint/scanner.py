"""The pass over a shell script that gives every character its kind; `shell.scan` is its door."""

from __future__ import annotations

import re

#: Commands and operators; literal text; text in which variables expand; a comment; ``${{ }}``.
CODE, LITERAL, EXPANDED, COMMENT, EXPRESSION = "c", "s", "d", "#", "e"

#: What may be open at a character.
_TOP, _SUB, _TICK, _PAREN, _CASE = "top", "$(", "`", "(", "case"
_DOUBLE, _BRACE, _ARITH, _TEST = '"', "${", "((", "[["
_COMMANDS = (_TOP, _SUB, _TICK, _PAREN, _CASE)

#: What opens something in commands and in double quotes alike; the longest first.
_OPENERS = (("$((", _ARITH), ("$(", _SUB), ("${", _BRACE), ("`", _TICK))
_HEREDOC = re.compile(r"<<(-?)[ \t]*((?:\\.|'[^'\n]*'|\"[^\"\n]*\"|[^\s;&|<>()'\"\\`])+)")
_STAYS = re.compile(r"(?:if|then|elif|else|while|until|do|time|!|\{)(?=[\s;]|$)")
_WORD = re.compile(r"(?:case|esac|in|\[\[)(?=[\s;)]|$)")
_ANSI = re.compile(r"\$'(?:[^'\\]|\\.)*+'?", re.DOTALL)
_PLAIN = re.compile(r"[A-Za-z0-9_./:=,@%+~^-]+|[ \t]+")
_LINE = re.compile(r"[^\n]*")
_TICKED = re.compile(r"[^\n`]*")
_BREAKS = " \t\r\n;&|()`"


class Scanner:
    """Where the pass is: what is open, and whether a command may begin here."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.kinds: list[str] = []
        self.depths = bytearray()
        #: The inside of every substitution that was closed.
        self.closed: list[tuple[int, int]] = []
        #: Where the heredocs after a line break end, by the place of the break.
        self.heredocs: dict[int, int] = {}
        self._frames: list[tuple[str, int]] = [(_TOP, 0)]
        self._depth = 0
        self._ticks = 0
        self._begins = True
        #: Of each open `case` its part (word, pattern, body); of each open `((` its parentheses.
        self._cases: list[str] = []
        self._nested: list[int] = []
        #: Heredocs that follow the next line break: whether tabs are stripped, its end, quoted.
        self._waiting: list[tuple[bool, str, bool]] = []
        self._last_end = text.rfind("}}")

    def run(self) -> None:
        """All of the text."""
        while self.at < len(self.text):
            frame = self._frames[-1][0]
            if self._is("${{") and self.at < self._last_end:
                self._take(self.text.index("}}", self.at) + 2 - self.at, EXPRESSION)
                self._begins = False
            elif frame in _COMMANDS:
                self._command(self.text[self.at], frame)
            else:
                self._inside(self.text[self.at], frame)

    def _is(self, text: str) -> bool:
        return self.text.startswith(text, self.at)

    def _take(self, length: int, kind: str) -> None:
        """Give the next characters their kind; expressions among them stay what they are."""
        end = min(self.at + length, len(self.text))
        self.depths += bytes([min(self._depth, 255)]) * (end - self.at)
        while kind != EXPRESSION and end - self.at > 4:
            start = self.text.find("${{", self.at, end)
            close = self.text.find("}}", start, end) if start >= 0 else -1
            if close < 0:
                break
            self.kinds.append(kind * (start - self.at) + EXPRESSION * (close + 2 - start))
            self.at = close + 2
        self.kinds.append(kind * (end - self.at))
        self.at = end

    def _push(self, frame: str, length: int, kind: str) -> None:
        self._take(length, kind)
        self._frames.append((frame, self.at))
        self._depth += frame in (_SUB, _TICK)
        self._ticks += frame == _TICK
        self._begins = frame in _COMMANDS and frame != _CASE
        if frame == _CASE:
            self._cases.append("word")
        elif frame == _ARITH:
            self._nested.append(0)

    def _pop(self, length: int, kind: str) -> None:
        frame, begin = self._frames.pop()
        if frame in (_SUB, _TICK):
            self.closed.append((begin, self.at))
            self._depth -= 1
            self._ticks -= frame == _TICK
        elif frame == _CASE:
            self._cases.pop()
        elif frame == _ARITH:
            self._nested.pop()
        self._take(length, kind)
        # After `f()` a body may begin; what follows a subshell is an operator.
        self._begins = frame == _PAREN

    def _opens(self) -> bool:
        for start, frame in _OPENERS:
            if not self._is(start):
                continue
            if frame == _TICK and self._ticks:
                while self._frames[-1][0] != _TICK:
                    self._pop(0, CODE)
                self._pop(1, CODE)
            else:
                self._push(frame, len(start), CODE if frame in _COMMANDS else EXPANDED)
            return True
        return False

    def _inside(self, char: str, frame: str) -> None:
        """In double quotes, ``${}``, arithmetic or ``[[ ]]``: no commands but those they open."""
        if char == "\\":
            self._take(2, EXPANDED)
        elif self._opens():
            pass
        elif char == '"' and frame != _ARITH:
            self._pop(1, EXPANDED) if frame == _DOUBLE else self._push(_DOUBLE, 1, EXPANDED)
        elif char == "}" and frame == _BRACE:
            self._pop(1, EXPANDED)
        elif frame == _TEST and char == "'":
            self._single()
        elif frame == _TEST and self._is("]]") and self.text[self.at - 1].isspace():
            self._pop(2, EXPANDED)
        elif frame == _ARITH and char == "(":
            self._nested[-1] += 1
            self._take(1, EXPANDED)
        elif frame == _ARITH and char == ")":
            if self._nested[-1]:
                self._nested[-1] -= 1
                self._take(1, EXPANDED)
            else:
                self._pop(2 if self._is("))") else 1, EXPANDED)
        else:
            self._take(1, EXPANDED)

    def _single(self) -> None:
        end = self.text.find("'", self.at + 1)
        self._take((end + 1 if end >= 0 else len(self.text)) - self.at, LITERAL)

    def _command(self, char: str, frame: str) -> None:
        starts = self.at == 0 or self.text[self.at - 1] in _BREAKS
        begins, self._begins = self._begins, False
        pattern = frame == _CASE and self._cases[-1] == "pattern"
        if char == "\\":
            self._take(2, LITERAL)
            self._begins = begins
        elif char == "'":
            self._single()
        elif char == '"':
            self._push(_DOUBLE, 1, EXPANDED)
        elif self._is("$'"):
            ansi = _ANSI.match(self.text, self.at)
            self._take(len(ansi[0]) if ansi else 2, LITERAL)
        elif self._opens():
            pass
        elif char == "#" and starts:
            self._comment()
            self._begins = begins
        elif char == "\n":
            self._line()
        elif self._is("<<") and not self._is("<<<"):
            self._heredoc()
        elif pattern and char in "|(":
            self._take(1, EXPANDED)
        elif char == "(":
            process = self.at > 0 and self.text[self.at - 1] in "<>"
            arithmetic = begins and self._is("((")
            self._push(
                _SUB if process else _ARITH if arithmetic else _PAREN,
                2 if arithmetic else 1,
                EXPANDED if arithmetic else CODE,
            )
        elif char == ")" and frame in (_SUB, _PAREN):
            self._pop(1, CODE)
        elif char == ")" or char in ";&|":
            self._operator(char, frame)
        elif starts and self._keyword(frame, begins=begins):
            pass
        else:
            plain = _PLAIN.match(self.text, self.at)
            self._begins = begins and char in " \t\r"
            self._take(len(plain[0]) if plain else 3 if self._is("<<<") else 1, CODE)

    def _operator(self, char: str, frame: str) -> None:
        if frame == _CASE and self._cases[-1] == "pattern" and char == ")":
            self._cases[-1] = "body"
        elif frame == _CASE and self._cases[-1] == "body" and (self._is(";;") or self._is(";&")):
            self._cases[-1] = "pattern"
            self._take(1, CODE)
        self._take(1, CODE)
        self._begins = True

    def _keyword(self, frame: str, *, begins: bool) -> bool:
        part = self._cases[-1] if frame == _CASE else ""
        stays = _STAYS.match(self.text, self.at) if begins else None
        word = _WORD.match(self.text, self.at)
        if stays is not None:
            self._take(len(stays[0]), CODE)
            self._begins = True
        elif word is None:
            return False
        elif word[0] == "in" and part == "word":
            self._cases[-1] = "pattern"
            self._take(2, CODE)
        elif word[0] == "esac" and (part == "pattern" or (part == "body" and begins)):
            self._pop(4, CODE)
        elif word[0] == "case" and begins:
            self._push(_CASE, 4, CODE)
        elif word[0] == "[[" and begins:
            self._push(_TEST, 2, EXPANDED)
        else:
            return False
        return True

    def _comment(self) -> None:
        # Inside of backticks a comment ends with them.
        found = (_TICKED if self._ticks else _LINE).match(self.text, self.at)
        length = len(found[0]) if found else 1
        self._take(length, COMMENT)

    def _heredoc(self) -> None:
        found = _HEREDOC.match(self.text, self.at)
        if found is None:
            self._take(2, CODE)
            return
        end = re.sub(r"[\\'\"]", "", found[2])
        self._waiting.append((bool(found[1]), end, end != found[2]))
        self._take(found.start(2) - self.at, CODE)
        self._take(found.end() - self.at, LITERAL)

    def _line(self) -> None:
        """A line break, and the heredocs that wait for it."""
        here, waiting, self._waiting = self.at, self._waiting, []
        self._take(1, CODE)
        self._begins = True
        for strips, delimiter, quoted in waiting:
            begin = at = self.at
            while at < len(self.text):
                eol = self.text.find("\n", at)
                eol = eol if eol >= 0 else len(self.text)
                line = self.text[at:eol].rstrip("\r")
                if (line.lstrip("\t") if strips else line) == delimiter:
                    break
                at = eol + 1
            at = min(at, len(self.text))
            self._take(at - begin, LITERAL if quoted else EXPANDED)
            eol = self.text.find("\n", at)
            # The break after the last one ends the statement.
            self._take((eol if eol >= 0 else len(self.text)) - at, LITERAL)
            if eol >= 0:
                self._take(1, LITERAL)
        if waiting:
            self.heredocs[here] = self.at
