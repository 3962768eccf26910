"""What is open at a character of a shell script, and the kind of each one so far."""

from __future__ import annotations

#: Commands and operators; literal text; text in which variables expand; a comment; ``${{ }}``.
CODE, LITERAL, EXPANDED, COMMENT, EXPRESSION = "c", "s", "d", "#", "e"

#: What may be open at a character.
TOP, SUB, TICK, PAREN, CASE = "top", "$(", "`", "(", "case"
DOUBLE, BRACE, ARITH, TEST = '"', "${", "((", "[["
COMMANDS = (TOP, SUB, TICK, PAREN, CASE)

#: What opens something in commands and in double quotes alike; the longest first.
_OPENERS = (("$((", ARITH), ("$(", SUB), ("${", BRACE), ("`", TICK))


class Frames:
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
        self._frames: list[tuple[str, int]] = [(TOP, 0)]
        self._depth = 0
        self._ticks = 0
        self._begins = True
        #: Of each open `case` its part (word, pattern, body); of each open `((` its parentheses.
        self._cases: list[str] = []
        self._nested: list[int] = []
        #: Heredocs that follow the next line break: whether tabs are stripped, its end, quoted.
        self._waiting: list[tuple[bool, str, bool]] = []
        self._last_end = text.rfind("}}")

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
        self._depth += frame in (SUB, TICK)
        self._ticks += frame == TICK
        self._begins = frame in COMMANDS and frame != CASE
        if frame == CASE:
            self._cases.append("word")
        elif frame == ARITH:
            self._nested.append(0)

    def _pop(self, length: int, kind: str) -> None:
        frame, begin = self._frames.pop()
        if frame in (SUB, TICK):
            self.closed.append((begin, self.at))
            self._depth -= 1
            self._ticks -= frame == TICK
        elif frame == CASE:
            self._cases.pop()
        elif frame == ARITH:
            self._nested.pop()
        self._take(length, kind)
        # After `f()` a body may begin; what follows a subshell is an operator.
        self._begins = frame == PAREN

    def _opens(self) -> bool:
        for start, frame in _OPENERS:
            if not self._is(start):
                continue
            if frame == TICK and self._ticks:
                while self._frames[-1][0] != TICK:
                    self._pop(0, CODE)
                self._pop(1, CODE)
            else:
                self._push(frame, len(start), CODE if frame in COMMANDS else EXPANDED)
            return True
        return False
