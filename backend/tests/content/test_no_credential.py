"""What content reports, however much of it, never issues a credential: people complete an enrollment and issue one."""

from types import SimpleNamespace

import pytest
from sqlalchemy import func, select

from app.compliance.credentials.awards.drafts import _require_earned
from app.core.errors import Conflict
from app.db.models import Credential, Enrollment, EnrollmentStatus, IssuedDocument
from tests.content.conftest import Play, School


def test_all_lessons_passed_by_their_content_issue_nothing(school: School, play: Play) -> None:
    play().commit(lesson_status="passed", score={"raw": "100"}, finish=True)
    school.session.expire_all()
    enrollment = school.session.get_one(Enrollment, school.enrollment.id)
    assert enrollment.progress_pct == 100
    assert (enrollment.status, enrollment.completed_at) == (EnrollmentStatus.ACTIVE, None)
    for table in (Credential, IssuedDocument):
        assert school.session.scalar(select(func.count()).select_from(table)) == 0
    kind = SimpleNamespace(archived_at=None, program_id=None, requires_completion=True, name="Diploma")
    row = SimpleNamespace(status=enrollment.status, full_name="Maria Lopez", program="Dental", program_id=1)
    with pytest.raises(Conflict, match="has not completed"):
        _require_earned(row, kind)  # type: ignore[arg-type]
