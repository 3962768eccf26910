"""Which downstreams a sweep has to read, by what the forge's listing hints. Pure.

``updated_at`` is a hint and never a proof: it follows a write by a second or two (forge contract),
a push by other means may leave it alone, and a forge may lie. So whatever was not read for
``full_every`` seconds is read again, whatever the listing says.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

#: Seconds for which a hint that is as young as our reading is not believed (contract: 1 to 2).
LAG = 10.0


@dataclass(frozen=True, slots=True)
class Note:
    """What is remembered of a downstream's last good reading."""

    #: Seconds since the epoch, by this machine's clock.
    read_at: float
    #: What the listing said before that reading; None where it says nothing.
    updated_at: datetime | None
    #: It had the release, or has no consumer: only then is there nothing to look for.
    settled: bool


def is_due(note: Note | None, listed: datetime | None, now: float, full_every: float) -> bool:
    """Whether a downstream has to be read in this sweep."""
    if note is None or not note.settled or listed is None:
        return True
    if now - note.read_at >= full_every or now < note.read_at:
        return True
    if listed != note.updated_at:
        return True
    return abs(note.read_at - listed.timestamp()) < LAG
