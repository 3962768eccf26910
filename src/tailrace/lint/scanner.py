"""The pass over a shell script that gives every character its kind; `shell.scan` is its door."""

from __future__ import annotations

import re

from tailrace.lint.frames import (
    ARITH,
    BRACE,
    CASE,
    CODE,
    COMMANDS,
    COMMENT,
    DOUBLE,
    EXPANDED,
    EXPRESSION,
    LITERAL,
    PAREN,
    SUB,
    TEST,
    Frames,
)

_HEREDOC = re.compile(r"<<(-?)[ \t]*((?:\\.|'[^'\n]*'|\"[^\"\n]*\"|[^\s;&|<>()'\"\\`])+)")
_STAYS = re.compile(r"(?:if|then|elif|else|while|until|do|time|!|\{)(?=[\s;]|$)")
_WORD = re.compile(r"(?:case|esac|in|\[\[)(?=[\s;)]|$)")
_ANSI = re.compile(r"\$'(?:[^'\\]|\\.)*+'?", re.DOTALL)
_PLAIN = re.compile(r"[A-Za-z0-9_./:=,@%+~^-]+|[ \t]+")
_LINE = re.compile(r"[^\n]*")
_TICKED = re.compile(r"[^\n`]*")
_BREAKS = " \t\r\n;&|()`"


class Scanner(Frames):
    """The pass itself."""

    def run(self) -> None:
        """All of the text."""
        while self.at < len(self.text):
            frame = self._frames[-1][0]
            if self._is("${{") and self.at < self._last_end:
                self._take(self.text.index("}}", self.at) + 2 - self.at, EXPRESSION)
                self._begins = False
            elif frame in COMMANDS:
                self._command(self.text[self.at], frame)
            else:
                self._inside(self.text[self.at], frame)

    def _inside(self, char: str, frame: str) -> None:
        """In double quotes, ``${}``, arithmetic or ``[[ ]]``: no commands but those they open."""
        if char == "\\":
            self._take(2, EXPANDED)
        elif self._opens():
            pass
        elif char == '"' and frame != ARITH:
            self._pop(1, EXPANDED) if frame == DOUBLE else self._push(DOUBLE, 1, EXPANDED)
        elif char == "}" and frame == BRACE:
            self._pop(1, EXPANDED)
        elif frame == TEST and char == "'":
            self._single()
        elif frame == TEST and self._is("]]") and self.text[self.at - 1].isspace():
            self._pop(2, EXPANDED)
        elif frame == ARITH and char == "(":
            self._nested[-1] += 1
            self._take(1, EXPANDED)
        elif frame == ARITH and char == ")":
            if self._nested[-1]:
                self._nested[-1] -= 1
                self._take(1, EXPANDED)
            else:
                self._pop(2 if self._is("))") else 1, EXPANDED)
        else:
            self._take(1, EXPANDED)

    def _single(self) -> None:
        inside = self.at + 1
        while True:
            end = self.text.find("'", inside)
            end = end if end >= 0 else len(self.text) - 1
            expression = self.text.find("${{", inside, end)
            if not 0 <= expression < self._last_end:
                break
            # The quotes of an expression are gone before a shell reads it.
            inside = self.text.index("}}", expression) + 2
        self._take(end + 1 - self.at, LITERAL)

    def _command(self, char: str, frame: str) -> None:
        starts = self.at == 0 or self.text[self.at - 1] in _BREAKS
        begins, self._begins = self._begins, False
        pattern = frame == CASE and self._cases[-1] == "pattern"
        if char == "\\":
            self._take(2, LITERAL)
            self._begins = begins
        elif char == "'":
            self._single()
        elif char == '"':
            self._push(DOUBLE, 1, EXPANDED)
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
                SUB if process else ARITH if arithmetic else PAREN,
                2 if arithmetic else 1,
                EXPANDED if arithmetic else CODE,
            )
        elif char == ")" and frame in (SUB, PAREN):
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
        if frame == CASE and self._cases[-1] == "pattern" and char == ")":
            self._cases[-1] = "body"
        elif frame == CASE and self._cases[-1] == "body" and (self._is(";;") or self._is(";&")):
            self._cases[-1] = "pattern"
            self._take(1, CODE)
        self._take(1, CODE)
        self._begins = True

    def _keyword(self, frame: str, *, begins: bool) -> bool:
        part = self._cases[-1] if frame == CASE else ""
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
            self._push(CASE, 4, CODE)
        elif word[0] == "[[" and begins:
            self._push(TEST, 2, EXPANDED)
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
        word = re.sub(r"[\\'\"]", "", found[2])
        self._waiting.append((bool(found[1]), word, word != found[2]))
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
            # The line of the delimiter, with its break.
            eol = self.text.find("\n", at)
            self._take((eol + 1 if eol >= 0 else len(self.text)) - at, LITERAL)
        if waiting:
            self.heredocs[here] = self.at
