"""What the content room does for the others, in the order in which it happens:

a package is imported, a lesson is opened, the course reports, and someone looks at what came of it.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from app.academics import service as academics
from app.content import policy, queries
from app.content.assignments import queries as assignments
from app.content.assignments.grading.notices import send_release
from app.content.assignments.grading.service import lesson_scores
from app.content.assignments.lessons import is_assignment
from app.content.launches import queries as launch_queries
from app.content.launches.commits import commit
from app.content.launches.navigation import navigate
from app.content.launches.service import (
    current_package,
    launch,
    only_reviews,
    package_for,
    playable_enrollment,
)
from app.content.launches.waivers import waive
from app.content.packages.links import link_film
from app.content.packages.reuse import reusable, reuse
from app.content.packages.several import import_several
from app.content.packages.upload import import_package
from app.content.packages.versions import version_of
from app.content.results import attempts_of, standing
from app.content.runtimes import runtime_of
from app.content.schemas import AttemptOut, PackageOut, ResultOut, StudentWorkOut
from app.core import views
from app.core.errors import Invalid, NotFound
from app.core.permissions import Subject
from app.core.views import Part
from app.db.models import ContentType
from app.enrollment import service as enrollment
from app.rules import scorm12

__all__ = [
    "AttemptOut",
    "attempts_of",
    "commit",
    "import_package",
    "import_several",
    "is_assignment",
    "launch",
    "lesson",
    "lesson_result",
    "lesson_scores",
    "link_film",
    "navigate",
    "only_reviews",
    "packages",
    "preview_result",
    "require_share",
    "reusable",
    "reuse",
    "send_release",
    "waive",
    "work_by_lesson",
    "work_in_older_version",
    "work_of_student",
]


lesson = academics.lesson_place
_TO_CHECK = "All of it is done. Your instructor checks it in person, and then it is completed."


def _reports_nothing(session: Session, lesson_id: int, enrollment_id: int) -> bool:
    if queries.current_package(session, lesson_id) is None:
        return False
    return not runtime_of(package_for(session, lesson_id, enrollment_id).standard).reports


enrollment.register_self_marked("content: plain web pages", _reports_nothing)
enrollment.register_lesson_page("content: assignments", assignments.pages_of)
academics.on_lessons_removed("content: previews", launch_queries.remove_previews)


def packages(session: Session, subject: Subject, lesson_id: int) -> list[tuple[PackageOut, str | None]]:
    """All versions of a lesson's package, newest first, each with the name of who uploaded it. Staff only."""
    policy.require_read(subject)
    academics.lesson_place(session, lesson_id)
    return [
        (PackageOut.model_validate(package), name)
        for package, name in queries.packages_of(session, lesson_id)
    ]


def lesson_result(session: Session, subject: Subject, lesson_id: int) -> ResultOut:
    """Where the person stands in a lesson they may open. Raises NotFound otherwise."""
    enrollment_id = playable_enrollment(session, subject, lesson_id)
    package = package_for(session, lesson_id, enrollment_id)
    place = lesson(session, lesson_id)
    found = standing(session, version_of(package), enrollment_id, passing_score_pct=place.passing_score_pct)
    waits = found.complete and place.needs_check
    if waits and not enrollment.is_lesson_done(session, enrollment_id, lesson_id):
        return found.model_copy(update={"complete": False, "to_check": True, "reason": _TO_CHECK})
    return found


@views.opens(Part.LESSONS, student="user_id")
def work_of_student(session: Session, subject: Subject, lesson_id: int, user_id: int) -> StudentWorkOut:
    """Where a student stands in a lesson, part by part, and what may be waived. Raises NotFound for a lesson that is
    not there and for a student whom one does not see."""
    policy.require_read_attempts(session, subject, user_id)
    place = lesson(session, lesson_id)
    name = queries.find_user_name(session, user_id)
    if name is None:
        raise NotFound("There is no such student.")
    study = enrollment.find_study(session, user_id=user_id, lesson_id=lesson_id)
    if study is None or queries.current_package(session, lesson_id) is None:
        return StudentWorkOut(student_name=name, result=None, waivable=[])
    package = package_for(session, lesson_id, study.enrollment_id)
    version = version_of(package)
    result = standing(session, version, study.enrollment_id, passing_score_pct=place.passing_score_pct)
    may_waive = (
        study.counts
        and runtime_of(package.standard).statements is not None
        and policy.may_waive(session, subject, user_id)
    )
    waivable = [one for one in result.parts if may_waive and one.opens and one.status not in scorm12.DONE]
    return StudentWorkOut(student_name=name, result=result, waivable=waivable)


def preview_result(session: Session, subject: Subject, lesson_id: int) -> ResultOut:
    """The lesson's parts as somebody sees them who has not begun: for the preview by staff."""
    policy.require_read(subject)
    package = current_package(session, lesson_id)
    return standing(session, version_of(package), 0)


def require_share(session: Session, subject: Subject, lesson_id: int, percent: int | None) -> None:
    """Set how much of a video, recording or document has to be seen; None for what its kind asks for by itself.

    It counts from each student's next report on: what is completed stays so. Raises Forbidden, NotFound, Invalid for
    a lesson of another kind.
    """
    policy.require_change(subject)
    if academics.lesson_place(session, lesson_id).content_type not in (
        ContentType.VIDEO,
        ContentType.DOCUMENT,
    ):
        raise Invalid("Only video and document lessons count what was watched or read.")
    academics.set_required_percent(session, subject, lesson_id, percent)


def work_in_older_version(session: Session, subject: Subject, lesson_id: int) -> bool:
    """Whether the person began the lesson in a version that has been replaced since."""
    enrollment_id = playable_enrollment(session, subject, lesson_id)
    package = package_for(session, lesson_id, enrollment_id)
    return queries.has_work_in_older_version(
        session,
        enrollment_id=enrollment_id,
        lesson_id=lesson_id,
        package_id=package.id,
    )


def work_by_lesson(session: Session, subject: Subject, user_id: int) -> list[tuple[int, int, datetime]]:
    """Lesson, seconds spent and last report for each lesson a student has worked in: one query.

    Their own, or anyone's for staff; else NotFound.
    """
    policy.require_read_attempts(session, subject, user_id)
    return queries.work_by_lesson(session, user_id)
