"""Where a student stands in a lesson, and the attempts behind it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sqlalchemy.orm import Session

from app.content import policy, queries
from app.content.packages.model import Item
from app.content.packages.versions import Version, version_of
from app.content.postgres_text import restored
from app.content.runtimes import runtime_of
from app.content.runtimes.protocol import Standing
from app.content.schemas import AttemptOut, ControlsOut, PartOut, ResultOut
from app.core import views
from app.core.permissions import Subject
from app.core.views import Part
from app.db.models import ContentPackage, ContentType, ScormCourse
from app.enrollment import service as enrollment
from app.rules import scorm12


def standing(
    session: Session,
    version: Version,
    enrollment_id: int,
    *,
    passing_score_pct: int | None = None,
) -> ResultOut:
    """The best of the student's attempts at each part of this package, and what they amount to."""
    runtime = runtime_of(version.standard)
    known = Known(
        queries.attempts_in_package(session, enrollment_id, version.id),
        None if runtime.sequencing is None else queries.scorm_course(session, enrollment_id, version.id),
        marked=not runtime.reports and enrollment.is_lesson_done(session, enrollment_id, version.lesson_id),
    )
    return result_of(version, known, passing_score_pct=passing_score_pct)


@dataclass(frozen=True, slots=True)
class Known:
    """What is on record of a student in a version: attempts at its parts, what is kept of a course with rules of its
    own, and whether a lesson that reports nothing was marked as done."""

    attempts: Sequence[queries.AttemptSummary]
    course: ScormCourse | None
    marked: bool = False


def result_of(version: Version, known: Known, *, passing_score_pct: int | None) -> ResultOut:
    """`standing`, of what has been read, as for many students at once."""
    best: dict[str, _Best] = {}
    for attempt in known.attempts:
        best.setdefault(attempt.sco_id, _Best()).add(attempt)
    untouched = _Best()
    parts = list(_parts(version.manifest.items, best, untouched, 0))
    opening = [best.get(item.id, untouched) for item in version.manifest.launchable()]
    runtime = runtime_of(version.standard)
    # Nobody scores a film: a passing score is of the time when the lesson was a package.
    scores = runtime.lesson_kind in (ContentType.SCORM, ContentType.H5P)
    passing = passing_score_pct if scores else None
    sequencing = runtime.sequencing
    weights = None if sequencing is None else sequencing.weights(version)
    result = scorm12.lesson_result(
        [one.status for one in opening],
        [one.percent for one in opening],
        passing_percent=passing,
        weights=None
        if weights is None
        else [weights.get(item.id, Fraction(0)) for item in version.manifest.launchable()],
    )
    whole = None if sequencing is None else sequencing.standing(version, known.course)
    if whole is not None:
        result = scorm12.course_result(result, whole.status, passing_percent=passing)
    return ResultOut(
        lesson_id=version.lesson_id,
        package_id=version.id,
        complete=result.complete or known.marked,
        reason="The lesson is marked as done." if known.marked else result.reason,
        missed=result.missed and not known.marked,
        done=result.total if known.marked else result.done,
        total=result.total,
        score_pct=None if result.percent is None else scorm12.shown_percent(result.percent),
        total_seconds=sum(part.total_seconds for part in parts),
        parts=parts if whole is None or whole.controls is None else _limited(parts, version, whole),
        reports=runtime.reports,
        sequenced=sequencing is not None,
        navigation=None
        if whole is None or whole.controls is None
        else ControlsOut.model_validate(
            {"current": whole.controls.current, "requests": list(whole.controls.requests)}
        ),
    )


def _limited(parts: list[PartOut], version: Version, whole: Standing) -> list[PartOut]:
    """Which parts may be chosen now; hidden ones, which the course comes to by itself, only while they are open."""
    current = None if whole.controls is None else whole.controls.current
    hidden = {item.id for item in version.manifest.walk() if not item.visible and item.id != current}
    return [
        part.model_copy(update={"available": part.sco_id in whole.choosable})
        for part in parts
        if part.sco_id not in hidden
    ]


class _Best:
    """The attempts at one part, summed up."""

    def __init__(self) -> None:
        self.status = scorm12.NOT_ATTEMPTED
        self.percent: Fraction | None = None
        self.seconds = 0
        self.attempts = 0

    def add(self, attempt: queries.AttemptSummary) -> None:
        self.status = scorm12.better_status(self.status, scorm12.known_status(attempt.status or ""))
        if attempt.percent is not None:
            self.percent = max(self.percent or Fraction(0), attempt.percent)
        self.seconds += attempt.total_seconds
        self.attempts += 1


def _parts(
    items: tuple[Item, ...], best: dict[str, _Best], untouched: _Best, depth: int
) -> Iterator[PartOut]:
    for item in items:
        if not item.visible and not item.opens:
            # A hidden heading: its children stand where it would.
            yield from _parts(item.children, best, untouched, depth)
            continue
        known = best.get(item.id, untouched)
        yield PartOut(
            sco_id=item.id,
            title=item.title,
            depth=depth,
            opens=item.opens,
            status=known.status,
            score_pct=None if known.percent is None else scorm12.shown_percent(known.percent),
            total_seconds=known.seconds,
            attempts=known.attempts,
        )
        yield from _parts(item.children, best, untouched, depth + 1)


@views.opens(Part.LESSONS, student="user_id")
def attempts_of(
    session: Session, subject: Subject, user_id: int, *, lesson_id: int | None = None
) -> list[AttemptOut]:
    """A student's attempts, the latest first. Their own, or anyone's for staff; else NotFound."""
    policy.require_read_attempts(session, subject, user_id)
    titles: dict[int, dict[str, str]] = {}
    attempts = []
    for row, lesson_title, package in queries.attempts_of(session, user_id, lesson_id=lesson_id):
        if package is not None and package.id not in titles:
            titles[package.id] = {item.id: item.title for item in version_of(package).manifest.walk()}
        attempts.append(_attempt_out(row, lesson_title, package, titles))
    return attempts


def _attempt_out(
    row: Any, lesson_title: str, package: ContentPackage | None, titles: dict[int, dict[str, str]]
) -> AttemptOut:
    return AttemptOut(
        id=row.id,
        lesson_id=row.lesson_id,
        lesson_title=lesson_title,
        package_version=None if package is None else package.version,
        sco_id=row.sco_id,
        sco_title=row.sco_id if package is None else titles[package.id].get(row.sco_id, row.sco_id),
        attempt_no=row.attempt_no,
        lesson_status=row.cmi_core_lesson_status,
        completion_status=row.completion_status,
        success_status=row.success_status,
        score_raw=row.cmi_core_score_raw,
        score_max=row.cmi_core_score_max,
        score_pct=row.score_pct,
        location=None if row.location is None else readable(row.location),
        suspend_data=None if row.cmi_suspend_data is None else readable(row.cmi_suspend_data),
        exit=row.exit,
        total_seconds=row.total_seconds,
        started_at=row.started_at,
        finished_at=row.finished_at,
        updated_at=row.updated_at,
    )


def readable(text: str) -> str:
    """Stored text for showing: an unpaired surrogate, which no answer could carry, becomes a question
    mark.
    """
    return (
        restored(text).encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\x00", "\ufffd")
    )
