"""What a browser lets the pages of a course do: the content host's Content-Security-Policy."""

from collections.abc import Iterable

from sqlalchemy.orm import Session

from app.core import clock
from app.school import service as school
from app.settings import Settings


def allowed_hosts(session: Session) -> list[str]:
    """The servers from which lessons may load today, by the school's policy."""
    today = clock.today(school.facts(session).zone)
    return school.policies.at(session, school.PolicyKind.LESSON_CONTENT, today).values.outside_hosts


def is_allowed(host: str, allowed: Iterable[str]) -> bool:
    """Whether one of the allowed names is this host, or `*.` and a domain that it is below."""
    return any(host == name or (name.startswith("*.") and host.endswith(name[1:])) for name in allowed)


def security_policy(settings: Settings, allowed: Iterable[str] = ()) -> str:
    """The header's value: the course's own host, what it makes itself (`data:`, `blob:`), and the allowed servers."""
    servers = " ".join(f"https://{host}" for host in allowed)
    own = f"'self' data: blob: {servers}".rstrip()
    return "; ".join(
        (
            f"default-src {own} 'unsafe-inline' 'unsafe-eval'",
            f"connect-src {own}",
            "form-action 'self'",
            "base-uri 'self'",
            f"frame-ancestors 'self' {settings.app_origin}",
        )
    )
