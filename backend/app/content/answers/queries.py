"""SQL on what attempts report of questions and objectives."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, func, or_, select, true
from sqlalchemy.orm import Session

from app.db.models import ContentPackage, Enrollment, EnrollmentStatus, ScormData, User

_PARTS = ("interactions", "objectives")


def reports_of_lesson(
    session: Session, lesson_id: int, visible: ColumnElement[bool], *, former: bool
) -> Sequence[Row[Any]]:
    """Attempts at a lesson that report questions or objectives, oldest first, with only those of their data model:
    of enrollments that are active now, or of all with `former`. `visible` is a condition on `User`."""
    now = ScormData.enrollment_id.in_(
        select(Enrollment.id).where(Enrollment.status == EnrollmentStatus.ACTIVE)
    )
    return session.execute(
        select(
            ScormData.id,
            ScormData.enrollment_id,
            ScormData.sco_id,
            ScormData.attempt_no,
            ScormData.package_id,
            ScormData.updated_at,
            User.id.label("user_id"),
            User.full_name,
            ContentPackage.version,
            func.jsonb_build_object(*(part for name in _PARTS for part in (name, ScormData.cmi[name]))).label(
                "reported"
            ),
        )
        .join(User, User.id == ScormData.user_id)
        .join(ContentPackage, ContentPackage.id == ScormData.package_id)
        .where(
            ScormData.lesson_id == lesson_id,
            or_(*(ScormData.cmi.has_key(name) for name in _PARTS)),
            visible,
            true() if former else now,
        )
        .order_by(User.full_name, ScormData.enrollment_id, ScormData.updated_at, ScormData.id)
    ).all()
