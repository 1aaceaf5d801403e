"""SQL on what attempts report of questions and objectives."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, func, or_, select
from sqlalchemy.orm import Session

from app.db.models import ContentPackage, ScormData, User

_PARTS = ("interactions", "objectives")


def reports_of_lesson(session: Session, lesson_id: int, visible: ColumnElement[bool]) -> Sequence[Row[Any]]:
    """Attempts at a lesson that report questions or objectives, oldest first, with only those of their data model;
    `visible` is a condition on `User`."""
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
        )
        .order_by(User.full_name, ScormData.enrollment_id, ScormData.updated_at, ScormData.id)
    ).all()
