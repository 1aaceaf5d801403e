"""What an API key may do (1.0.3 Communication 4.2 gives the scopes their names)."""

from app.lrs.engine.refusal import Refusal

SCOPES = {
    "all": "Everything",
    "all/read": "Read everything",
    "statements/read": "Read all statements",
    "statements/read/mine": "Read the statements it wrote itself",
    "statements/write": "Write statements",
    "state": "Read and write activity state",
    "profile": "Read and write agent and activity profiles",
    "define": "Change the LRS's activity definitions",
}
LAUNCH_SCOPES = ("statements/write", "statements/read/mine", "state", "profile")
"""What a learner's session with a piece of content gets."""
GATED_SCOPES = tuple(scope for scope in LAUNCH_SCOPES if scope != "statements/write")
"""The same for content whose statements the school judges before they are stored: it writes through a gate alone."""

_ENOUGH: dict[str, frozenset[str]] = {
    "write statements": frozenset(("all", "statements/write")),
    "read statements": frozenset(("all", "all/read", "statements/read", "statements/read/mine")),
    "read every statement": frozenset(("all", "all/read", "statements/read")),
    "define activities": frozenset(("all", "define")),
    "read state": frozenset(("all", "all/read", "state")),
    "write state": frozenset(("all", "state")),
    "read profiles": frozenset(("all", "all/read", "profile")),
    "write profiles": frozenset(("all", "profile")),
    "read agents and activities": frozenset(
        ("all", "all/read", "statements/read", "statements/read/mine", "state", "profile", "define")
    ),
}


def allows(scopes: frozenset[str], deed: str) -> bool:
    """Whether these scopes allow one of the deeds named above."""
    return not scopes.isdisjoint(_ENOUGH[deed])


def require(scopes: frozenset[str], deed: str) -> None:
    """Raise `Refusal` 403 naming the scopes that would do."""
    if not allows(scopes, deed):
        enough = ", ".join(sorted(_ENOUGH[deed]))
        raise Refusal(f"This API key may not {deed}; one of these scopes is needed: {enough}.", status=403)


def is_within(activity: str, whole: str) -> bool:
    """Whether one IRI is another, or continues it after a character that ends a name (`/`, `#`, `?`, `:`, …)."""
    if not activity.startswith(whole):
        return False
    rest = activity[len(whole) :]
    return not rest or not rest[0].isalnum() or not whole[-1].isalnum()
