"""Going elsewhere in a course that decides itself which part comes next."""

from sqlalchemy.orm import Session

from app.academics import service as academics
from app.content import results
from app.content.launches import queries
from app.content.launches.service import package_for
from app.content.packages.versions import version_of
from app.content.runtimes import runtime_of
from app.content.runtimes.protocol import Moved
from app.content.schemas import NavigationIn, NavigationOut
from app.core import clock
from app.core.errors import Conflict, Invalid
from app.core.permissions import Subject
from app.enrollment import service as enrollment

_LEFT = "You left the course. Open it again to go on where you were."
_OVER = "The course has ended."
_REFUSED = "The course does not let you go there now. Go on where you are, or choose another part."
_MISSING = "What you did last has not arrived yet. Try again in a moment."
_STAYS = "This part has ended. Choose where to go on."


class ReportMissing(Conflict):
    """The wish came before the last report of the part it was made in."""

    slug = "report-missing"


def navigate(session: Session, subject: Subject, lesson_id: int, asked: NavigationIn) -> NavigationOut:
    """Carry out what the student or the content asks for; the part that comes of it is opened by a launch.

    A wish that was made in another part than the current one was carried out before, and changes nothing. Raises
    NotFound for a lesson the person may not open, Invalid for one without such rules, Conflict before it is opened and
    where nothing is recorded any more, ReportMissing before the part’s last report has arrived.
    """
    study = enrollment.study_for(session, user_id=subject.user_id, lesson_id=lesson_id)
    version = version_of(package_for(session, lesson_id, study.enrollment_id))
    sequencing = runtime_of(version.standard).sequencing
    if sequencing is None:
        raise Invalid("The parts of this lesson are opened in any order.")
    if not study.counts:
        raise Conflict("Your program is completed: open any part to look at it again.")
    held = enrollment.hold_for_study(session, study.enrollment_id)
    if asked.launch_id is not None and asked.seq is not None:
        known = queries.last_report(session, subject.user_id, asked.launch_id)
        if known is not None and known < asked.seq:
            raise ReportMissing(_MISSING)
    now = clock.now()
    moved = sequencing.navigate(session, version, held.id, asked.request, asked.target, at=asked.at, now=now)
    place = academics.lesson_place(session, lesson_id)
    # What was left may have been the last that the lesson waited for.
    standing = results.standing(session, version, held.id, passing_score_pct=place.passing_score_pct)
    if standing.complete and not moved.refused:
        enrollment.record_lesson_completion(
            session,
            enrollment_id=held.id,
            lesson_id=lesson_id,
            source="content",
            score_pct=standing.score_pct,
            at=now,
            held=held,
        )
    return NavigationOut(opens=moved.opens, over=moved.over, sentence=_sentence(asked.request, moved))


def _sentence(request: str, moved: Moved) -> str:
    if moved.opens is not None:
        return ""
    if moved.refused:
        return _REFUSED
    if request == "suspendAll":
        return _LEFT
    return _OVER if moved.over else _STAYS
