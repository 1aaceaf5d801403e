"""Addresses that take files: each room registers its own, with the setting that bounds their size."""

from app.settings import Settings

_limits: dict[str, str] = {}


def register(path: str, setting: str = "max_upload_bytes") -> None:
    """Let requests to `path` (a `*` stands for one segment) carry as many bytes as the setting allows.

    Name the addresses that take files and no more: every other route keeps the small limit.
    """
    _limits[path] = setting


def limits(settings: Settings) -> dict[str, int]:
    """The most bytes of a request body by path."""
    return {path: getattr(settings, name) for path, name in _limits.items()}
