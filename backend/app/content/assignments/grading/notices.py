"""Mail to students about their grades."""

from sqlalchemy.orm import Session

from app.content.assignments import queries
from app.core import mail
from app.core.permissions import internal
from app.db.models import HandInGrade, User
from app.school import service as school
from app.settings import Settings, get_settings


@internal("follows from an entry of the history, which says that a grade was released")
def send_release(session: Session, grade_id: int) -> None:
    """Mail the student that a grade can be seen. The mail names no result: it may be read over a shoulder."""
    grade = session.get(HandInGrade, grade_id)
    row = None if grade is None else queries.work(session, grade.hand_in_id)
    student = None if row is None else session.get(User, row.user_id)
    if row is None or student is None or student.deleted_at is not None:
        return
    settings: Settings = session.info.get("settings") or get_settings()
    mail.send(
        session,
        student.email,
        "assignment_graded",
        school=school.facts(session).legal_name,
        name=student.full_name,
        title=row.title,
        page=f"{settings.app_origin}/learn/assignments/{row.lesson_id}",
    )
