"""What a run may do without a token: the intentional-skip contract."""

from __future__ import annotations

from tailrace.errors import ConfigurationError
from tailrace.model import ForgeKind
from tailrace.runs import IntentionalSkip
from tailrace.settings import ForgeSettings, Policy


def intentional_skip(
    settings: ForgeSettings, policy: Policy, *, token: str | None, event: str | None
) -> IntentionalSkip | None:
    """None: go on. A skip: the fleet file allows this event to have no token.

    Raises `ConfigurationError` where there is no token and nothing allows that. A token that is
    there is never a reason to skip, whatever it turns out to be worth.
    """
    if token is not None or settings.kind is ForgeKind.GIT:
        return None
    if event is not None and event in policy.skip_without_token_on:
        return IntentionalSkip(
            event, f"no token in {settings.token_env}, which the event {event} allows"
        )
    allowed = ", ".join(policy.skip_without_token_on) or "none"
    shown = "not in CI" if event is None else f"the event is {event[:60]!r}"
    raise ConfigurationError(
        f"no token: {settings.token_env} is not set ({shown};"
        f"\n  events that may go without: {allowed})"
        f"\n  next: export {settings.token_env}=..., or set `token-file` in the fleet file"
    )
