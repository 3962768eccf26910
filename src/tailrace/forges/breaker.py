"""Whether a forge is worth a call: one that is down, or refuses the token, is not asked by all.

It is asked again by one call now and then: a watch outlives an outage.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from tailrace.forges.answers import Rejected
from tailrace.forges.base import Unreachable

#: Seconds until one call tries a forge that was down, and one that refused the token: the second
#: is longer, so that no forge locks the account for it.
_DOWN_FOR = 5.0
_REFUSED_FOR = 60.0


class Breaker:
    """Lets calls through while the forge answers; ``most`` attempts in a row may get no answer."""

    def __init__(self, most: int, clock: Callable[[], float]) -> None:
        self._most = most
        self._clock = clock
        #: Attempts in a row, of all calls, that got no answer at all.
        self._unanswered = 0
        self._refused: str | None = None
        self._tried_at = clock()
        #: One good answer: a 401 after it is about one call, not about the token.
        self.answered_well = False

    def check(self, url: str) -> None:
        """Raises `Unreachable` or `Rejected` where a call is not worth sending."""
        down = self._unanswered >= self._most
        if not down and self._refused is None:
            return
        if self._clock() - self._tried_at >= (_DOWN_FOR if down else _REFUSED_FOR):
            # This one call tries; the others wait for what it finds.
            self._tried_at = self._clock()
            return
        if down:
            raise Unreachable(
                f"{url}: did not answer {self._unanswered} times, so no more is tried"
                "\n  next: is the forge up? then run the same command again"
            )
        raise Rejected(HTTPStatus.UNAUTHORIZED, self._refused or "")

    def unanswered(self) -> None:
        """An attempt got no answer."""
        self._unanswered += 1
        self._tried_at = self._clock()

    def answered(self, *, well: bool) -> None:
        """An attempt got an answer."""
        self._unanswered = 0
        if well:
            self.answered_well = True
            self._refused = None

    def refused(self, message: str) -> None:
        """The token was refused before any good answer: no call can succeed."""
        self._refused = message or "token refused"
        self._tried_at = self._clock()
