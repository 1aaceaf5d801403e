"""The secrets of an installation: none that can be guessed, none that is stale."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from pydantic import SecretStr
from sqlalchemy.engine import make_url

from app.core import clock
from app.core.actions import Action
from app.core.sealing import key_id
from app.ops import keys
from app.ops.doctor.findings import Finding, Installation, ok, problem, warning
from app.settings import SECRET_FOLDER
from app.web.formats import day

_KNOWN = (
    "changeme",
    "change-me",
    "change_me",
    "secret",
    "password",
    "postgres",
    "example",
    "default",
    "aada",
)
_FEWEST_SIGNS = 10
"""Different signs of a key of 32: 64 hex digits have 16, and a key that was typed in a hurry has three."""
_SHORTEST = {"secret_key": 32, "aada_app_password": 16}
_MAKE = "python3 -c 'import secrets; print(secrets.token_hex(32))'"
KEY_LASTS, FORMER_KEPT = timedelta(days=365), timedelta(days=90)
_CERTIFICATES = """
SELECT role, not_after FROM signing_keys WHERE retired_at IS NULL AND revoked_at IS NULL ORDER BY role
"""


def guessable(known: Installation) -> Iterator[Finding]:
    """Could somebody guess a secret, or look it up in an example?"""
    settings = known.settings
    found = []
    for name, shortest in _SHORTEST.items():
        value: SecretStr | None = getattr(settings, name)
        if name in known.wrong or value is None:
            continue
        why = _weakness(value.get_secret_value(), shortest)
        if why:
            found.append((name.upper(), why))
    password = make_url(settings.database_url).password if settings.database_url else None
    if password is not None and str(password).lower() in _KNOWN:
        found.append(("The password in DATABASE_URL", "is a default that everybody knows"))
    for name, why in found:
        do = f"Make a new one: {_MAKE}"
        if name == "SECRET_KEY":
            do += " and change it as docs/runbooks/keys.md says, so that nothing is lost."
        if known.production:
            yield problem("Secrets", f"{name} {why}.", do, refuses=True)
        else:
            yield warning("Secrets", f"{name} {why}; production would refuse it.", do)
    if not found and not {"secret_key", "aada_app_password"} & set(known.wrong):
        yield ok(
            "Secrets", "SECRET_KEY and the passwords of the database are long, and none is a known default."
        )


def two_places(known: Installation) -> Iterator[Finding]:
    """Is a secret given twice, so that changing one place changes nothing?"""
    for name in ("secret_key", "secret_key_previous", "aada_app_password", "database_url"):
        file = SECRET_FOLDER / name
        try:
            kept = file.read_text(encoding="utf-8").strip() if file.is_file() else None
        except OSError:
            kept = None
        used = getattr(known.settings, name)
        text = used.get_secret_value() if isinstance(used, SecretStr) else used
        if kept is not None and name != "database_url" and kept != text:
            yield warning(
                "Secrets",
                f"{file} is not used: {name.upper()} in the environment or in .env comes first, and is another value.",
                "Remove one of the two.",
            )


def certificates(known: Installation) -> Iterator[Finding]:
    """Will documents still be signed next month?"""
    if known.database is None:
        return
    rows = known.database.execute(_CERTIFICATES.encode()).fetchall()
    if not rows:
        yield ok("Certificates", "None yet; the first start makes those that documents are signed with.")
        return
    for kept_for, until in rows:
        role = "badge key" if kept_for == "badges" else kept_for
        left = until - clock.now()  # type: ignore[operator]
        shown = day(until, known.settings.zone)  # type: ignore[arg-type]
        if left < timedelta(0):
            yield problem(
                "Certificates",
                f"The {role}’s certificate ended on {shown}.",
                "Restart the system: it makes a new one.",
            )
        elif left < timedelta(days=30):
            yield warning(
                "Certificates",
                f"The {role}’s certificate ends on {shown}, and was not replaced 60 days before.",
                "See whether jobs are being processed, or run: aada signing-keys rotate",
            )
        else:
            yield ok("Certificates", f"The {role}’s is good until {shown}.")


def sealed(known: Installation) -> Iterator[Finding]:
    """Does everything that is sealed open: keys of documents and of apps, secrets of other LRSs?"""
    if known.database is None or "secret_key" in known.wrong or "secret_key_previous" in known.wrong:
        return
    found = keys.standings(known.settings)
    lost, former = keys.what_is_lost(found), sum(one.former for one in found)
    if lost:
        count = sum(one.lost for one in found)
        yield problem(
            "Sealed", f"{count:,} sealed values cannot be opened with the keys that are kept.", lost
        )
    if former:
        yield warning(
            "Sealed",
            f"{former:,} sealed values are still under a former key.",
            "Keep SECRET_KEY_PREVIOUS, and run: aada keys rotate",
        )
    if not lost and not former:
        yield ok("Sealed", f"All {sum(one.current for one in found):,} sealed values open with SECRET_KEY.")


def age(known: Installation) -> Iterator[Finding]:
    """Is a key replaced from time to time, and a former one taken away?"""
    if known.database is None or "secret_key" in known.wrong:
        return
    row = known.database.execute(
        "SELECT min(at) FROM audit_log WHERE action = %s AND details ->> 'key' = %s",
        (Action.SECRET_KEY_FIRST_USED.value, key_id(known.settings.secret_keys[0])),
    ).fetchone()
    since = row[0] if row else None
    if not isinstance(since, datetime):
        yield ok("Key age", "SECRET_KEY is counted from the next start.")
        return
    shown, old = day(since, known.settings.zone), clock.now() - since
    if old > KEY_LASTS:
        yield warning(
            "Key age", f"SECRET_KEY has been used since {shown}.", "Rotate it: docs/runbooks/keys.md"
        )
    else:
        yield ok("Key age", f"SECRET_KEY has been used since {shown}.")
    if len(known.settings.secret_keys) > 1 and old > FORMER_KEPT:
        yield warning(
            "Key age",
            f"SECRET_KEY_PREVIOUS is still set, and SECRET_KEY took over on {shown}.",
            "If `aada keys status` shows nothing under another key, remove it and reload.",
        )


def _weakness(secret: str, shortest: int) -> str | None:
    if len(secret) < shortest:
        return f"has {len(secret)} characters, and {shortest} are the least"
    if len(set(secret)) < _FEWEST_SIGNS:
        return f"repeats {len(set(secret))} different characters, so it can be guessed"
    if any(secret.lower().startswith(word) for word in _KNOWN):
        return "begins like an example"
    return None
