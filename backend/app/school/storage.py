"""How much the school may keep of uploaded files, by its policy of the day."""

from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.core import clock
from app.core.files import quota
from app.school import policies, queries
from app.school.kinds import PolicyKind
from app.settings import Settings, get_settings


def _allowed(session: Session) -> quota.Quota:
    row = queries.school(session)
    settings: Settings = session.info.get("settings") or get_settings()
    zone = settings.zone if row is None else ZoneInfo(row.time_zone)
    values = policies.at(session, PolicyKind.STORAGE, clock.today(zone)).values
    return quota.Quota(
        school=values.school_gigabytes * 1024**3,
        package=values.package_megabytes * 1024**2,
        file=min(values.file_megabytes * 1024**2, settings.max_upload_bytes),
    )


quota.register(_allowed)
