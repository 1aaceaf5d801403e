"""An assignment with a hand-in that is graded and released, as rows."""

from uuid import uuid4

from sqlalchemy.orm import Session

from app.core.files import FileStore
from app.db.models import (
    Assignment,
    AssignmentVersion,
    ContentType,
    Enrollment,
    HandIn,
    HandInFile,
    HandInGrade,
    Lesson,
)


def handed_in(session: Session, store: FileStore, module_id: int, enrollment: Enrollment) -> dict[str, int]:
    """A lesson of the module, and what this student handed in for it; their numbers by the names of parameters."""
    lesson = Lesson(module_id=module_id, title="Tray", content_type=ContentType.DOCUMENT, order_num=90)
    session.add(lesson)
    session.flush()
    assignment = Assignment(lesson_id=lesson.id)
    session.add(assignment)
    session.flush()
    criteria = [
        {
            "text": "Sharp",
            "critical": False,
            "levels": [{"label": "Not done", "points": 0}, {"label": "Done", "points": 1}],
        }
    ]
    version = AssignmentVersion(
        assignment_id=assignment.id, version=1, instructions="Take a photo", criteria=criteria, kinds=["text"],
        max_bytes=10**6, max_files=3, late="accept", late_pct=0, several=True, completes="passed", pass_pct=75,
    )  # fmt: skip
    session.add(version)
    session.flush()
    made = HandIn(
        assignment_id=assignment.id, version_id=version.id, enrollment_id=enrollment.id, number=1, request=uuid4()
    )  # fmt: skip
    session.add(made)
    session.flush()
    kept = store.put(b"My notes\n")
    file = HandInFile(
        hand_in_id=made.id, place=1, name="notes.txt", media_type="text/plain", sha256=kept.sha256,
        size_bytes=kept.size,
    )  # fmt: skip
    grade = HandInGrade(
        hand_in_id=made.id, request=uuid4(), marks=[1], points=1, points_possible=1, score_pct=100, passed=True,
        file_name="notes.txt", file_type="text/plain", file_sha256=kept.sha256, file_bytes=kept.size,
        graded_by_name="Tess Carter", released_at=made.handed_in_at,
    )  # fmt: skip
    session.add_all([file, grade])
    session.flush()
    return {
        "assigned_lesson_id": lesson.id,
        "hand_in_id": made.id,
        "hand_in_file_id": file.id,
        "hand_in_grade_id": grade.id,
    }
