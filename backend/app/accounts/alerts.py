"""Email about what may be an attack: to the person whose account it is, or to the administrators."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from app.accounts.access import queries as access
from app.accounts.people import queries
from app.core import mail
from app.core.permissions import PERMISSIONS, Permission, internal
from app.db.models import User
from app.school import service as school
from app.settings import Settings, get_settings
from app.web.formats import local_time


@internal("follows from an entry of the history")
def send_new_device(
    session: Session, user_id: int, at: datetime, browser: str | None, address: str | None
) -> None:
    """Mail the person that somebody signed in to their account from a browser that it did not know."""
    user = access.active_user(session, user_id)
    if user is None:
        return
    known = school.facts(session)
    mail.send(
        session,
        user.email,
        "new_device",
        school=known.legal_name,
        name=user.full_name,
        signed_in=local_time(at, known.zone),
        browser=browser or "Unknown",
        address=address or "unknown",
        forgot=f"{_settings(session).app_origin}/forgot",
    )


@internal("follows from an entry of the history")
def alert_administrators(session: Session, template: str, at: datetime, **words: Any) -> int:
    """Mail every administrator who can sign in; how many there are. The template gets `at` as `moment`."""
    known = school.facts(session)
    found = queries.administrators(session)
    for user in found:
        mail.send(
            session,
            user.email,
            template,
            school=known.legal_name,
            name=user.full_name,
            security=f"{_settings(session).app_origin}/security",
            moment=local_time(at, known.zone),
            **words,
        )
    return len(found)


@internal("the system's own mail: to whom")
def people_who_may(session: Session, permission: Permission, today: date) -> Sequence[User]:
    """Everybody of the staff who can sign in and has a duty today that allows it."""
    duties = [duty.value for duty, allowed in PERMISSIONS.items() if permission in allowed]
    return queries.with_duty(session, duties, today)


def _settings(session: Session) -> Settings:
    return session.info.get("settings") or get_settings()
