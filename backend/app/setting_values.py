"""How the text of one setting is read: the shapes of `app.settings` that a type alone does not say."""

import json
from pathlib import Path
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import BeforeValidator, SecretStr
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError


def _blank_is_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


OptionalText = Annotated[str | None, BeforeValidator(_blank_is_none)]
OptionalPath = Annotated[Path | None, BeforeValidator(_blank_is_none)]
OptionalSecret = Annotated[SecretStr | None, BeforeValidator(_blank_is_none)]


def several_keys(value: SecretStr | None) -> list[str]:
    """The keys of SECRET_KEY_PREVIOUS. Raises ValueError for a list that is none."""
    text = "" if value is None else value.get_secret_value().strip()
    if not text.startswith("["):
        return [text] if text else []
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, list) or not all(isinstance(key, str) for key in found):
        # The text itself may be a key: it is not repeated.
        raise ValueError('several keys are written as ["…", "…"]')
    return found


def normalize_database_url(value: str, name: str = "DATABASE_URL") -> str:
    """Turn a documented `postgresql://` URL into the one SQLAlchemy's psycopg 3 driver takes."""
    try:
        url = make_url(value)
    except ArgumentError as error:
        raise ValueError(f"{name} is not a URL such as postgresql://user:password@host:5432/name") from error
    if url.get_backend_name() not in ("postgresql", "postgres"):
        raise ValueError(f"{name} names {url.get_backend_name()}; AADA LMS runs on PostgreSQL 17 or newer")
    return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def mail_url(value: str) -> SplitResult:
    """The parts of SMTP_URL, with a port that can be or none. Raises ValueError with a sentence that does not repeat
    it: there may be a password in it."""
    try:
        parts = urlsplit(value)
        sound = parts.scheme in ("smtp", "smtps") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number of one, or half of an IPv6 address
        sound = False
    if not sound:
        raise ValueError("SMTP_URL is not a URL such as smtp://user:password@smtp.example.edu:587")
    return parts


def socket_address(value: str) -> str | tuple[str, int]:
    """The path of `/run/clamav/clamd.ctl` or `unix:///run/…`, host and port of `tcp://127.0.0.1:3310`. Raises
    ValueError for anything else."""
    parts = urlsplit(value)
    if parts.scheme == "tcp" and parts.hostname and parts.port and parts.path in ("", "/"):
        return parts.hostname, parts.port
    if parts.scheme in ("", "unix") and not parts.netloc and parts.path.startswith("/"):
        return parts.path
    raise ValueError(
        f"{value!r} is neither the path of a socket such as /run/clamav/clamd.ctl nor an address such as "
        "tcp://127.0.0.1:3310"
    )
