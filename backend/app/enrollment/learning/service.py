"""What a student learns: programs as checklists, and the lesson to go on with.

The number of statements is the same however many programs, modules and lessons there are.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal

from sqlalchemy.orm import Session

from app.core import clock
from app.core.errors import Conflict, NotFound
from app.core.permissions import Subject, internal
from app.db.models import ContentType, Enrollment, EnrollmentStatus, Lesson, Module
from app.enrollment import lesson_pages
from app.enrollment import service as enrollments
from app.enrollment.learning import queries
from app.rules.lesson_access import Access, why_closed
from app.rules.progress import progress_of_counts
from app.settings import Settings, get_settings

NO_LESSON = "There is no such lesson in your programs. Go back to Learn."
State = Literal["done", "started", "open", "unavailable"]


@dataclass(slots=True)
class LessonLine:
    """One lesson of the checklist. `href` is empty when it cannot be opened; `reason` then says why."""

    id: int
    title: str
    kind: ContentType
    minutes: int | None
    state: State
    href: str
    reason: str = ""
    completed_at: datetime | None = None
    score_pct: Decimal | None = None
    is_next: bool = False
    is_assignment: bool = False
    optional: bool = False


@dataclass(slots=True)
class ModuleLines:
    """A module of the checklist."""

    id: int
    name: str
    description: str | None
    lessons: list[LessonLine] = field(default_factory=list)

    @property
    def done(self) -> int:
        return sum(line.state == "done" for line in self.lessons)


@dataclass(slots=True)
class ProgramLines:
    """A program as its student sees it; `next` is the lesson to go on with, None when nothing is left to open."""

    enrollment_id: int
    program_id: int
    name: str
    status: EnrollmentStatus
    percent: int
    explanation: str
    modules: list[ModuleLines] = field(default_factory=list)
    next: LessonLine | None = None

    @property
    def is_active(self) -> bool:
        return self.status is EnrollmentStatus.ACTIVE

    @property
    def lessons(self) -> list[LessonLine]:
        return [line for module in self.modules for line in module.lessons]

    @property
    def minutes_left(self) -> int:
        """Estimated minutes of the lessons that are not done and count."""
        return sum(line.minutes or 0 for line in self.lessons if line.state != "done" and not line.optional)


def checklist(session: Session, subject: Subject) -> list[ProgramLines]:
    """The person's active and completed programs with every module and lesson, and what comes next."""
    rows = queries.programs_of(session, subject.user_id)
    numbers = [row.Enrollment.id for row in rows]
    outline = queries.outline(session, [row.Program.id for row in rows])
    done = queries.completions(session, numbers)
    begun = queries.begun(session, numbers)
    pages = lesson_pages.pages_of(
        session, [lesson.id for _module, lesson, _has in outline if lesson is not None]
    )
    titles = {lesson.id: lesson.title for _module, lesson, _has in outline if lesson is not None}
    settings: Settings = session.info.get("settings") or get_settings()
    today = clock.today(settings.zone)
    programs = []
    for row in rows:
        lines = ProgramLines(
            enrollment_id=row.Enrollment.id,
            program_id=row.Program.id,
            name=row.Program.name,
            status=row.Enrollment.status,
            percent=row.Enrollment.progress_pct or 0,
            explanation="",
        )
        for module, lesson, has_package in outline:
            if module.program_id != row.Program.id:
                continue
            if not lines.modules or lines.modules[-1].id != module.id:
                lines.modules.append(ModuleLines(module.id, module.name, module.description))
            if lesson is not None:
                line = _line(lesson, has_package=has_package, page=pages.get(lesson.id))
                completion = done.get((lines.enrollment_id, lesson.id))
                if completion is not None:
                    line.state = "done"
                    line.completed_at, line.score_pct = completion.completed_at, completion.score_pct
                elif line.state == "open":
                    first = lesson.after_lesson_id
                    access = Access(
                        lesson.opens_on, titles.get(first or 0), (lines.enrollment_id, first) in done
                    )
                    reason = why_closed(access, today) if lines.is_active else None
                    if reason is not None:
                        line.state, line.href, line.reason = "unavailable", "", reason
                    elif (lines.enrollment_id, lesson.id) in begun:
                        line.state = "started"
                lines.modules[-1].lessons.append(line)
        counting = [line for line in lines.lessons if not line.optional]
        count = sum(line.state == "done" for line in counting)
        lines.explanation = progress_of_counts(count, len(counting)).explanation
        if lines.is_active:
            lines.next = _next(lines, begun)
        programs.append(lines)
    return programs


def open_material(session: Session, subject: Subject, lesson_id: int) -> tuple[Lesson, Module, Enrollment]:
    """A lesson the student may see, with the enrollment it belongs to. NotFound for any other."""
    found = queries.opened_lesson(session, subject.user_id, lesson_id)
    if found is None:
        raise NotFound(NO_LESSON)
    return found


@internal("names where a lesson is that the student may see")
def page_of(session: Session, lesson: Lesson) -> str | None:
    """The page on which another room opens the lesson; None for a video or document at a web address."""
    own = lesson_pages.pages_of(session, [lesson.id]).get(lesson.id)
    return own or (f"/learn/lessons/{lesson.id}" if _is_played(session, lesson) else None)


def _is_played(session: Session, lesson: Lesson) -> bool:
    """Whether the lesson is played here: a package, or another file that was uploaded."""
    return lesson.content_type is ContentType.SCORM or enrollments.has_package(session, lesson.id)


def mark_done(session: Session, subject: Subject, lesson_id: int, *, at: datetime) -> None:
    """The student says that they are done with a video or document. Doing it again changes nothing."""
    _lesson, _module, enrollment = open_material(session, subject, lesson_id)
    if enrollment.status is not EnrollmentStatus.ACTIVE:
        raise Conflict("You have completed this program, so nothing more is recorded.")
    enrollments.mark_lesson(session, subject, enrollment_id=enrollment.id, lesson_id=lesson_id, at=at)


def _line(lesson: Lesson, *, has_package: bool, page: str | None) -> LessonLine:
    line = LessonLine(
        id=lesson.id,
        title=lesson.title,
        kind=lesson.content_type,
        minutes=lesson.estimated_minutes,
        state="open",
        optional=lesson.optional,
        href=f"/learn/materials/{lesson.id}",
    )
    if page is not None:
        line.href, line.is_assignment = page, True
    elif has_package:
        line.href = f"/learn/lessons/{lesson.id}"
    elif not lesson.content_url:
        line.state, line.href = "unavailable", ""
        line.reason = "Not available yet: the school is preparing it."
    return line


def _next(program: ProgramLines, begun: dict[tuple[int, int], datetime]) -> LessonLine | None:
    """The lesson the student was last in, if unfinished; else the first one that is not done and can be opened."""
    left = [line for line in program.lessons if line.state in ("open", "started") and not line.optional]
    if not left:
        return None
    started = [line for line in left if line.state == "started"]
    chosen = max(started, key=lambda line: begun[program.enrollment_id, line.id]) if started else left[0]
    chosen.is_next = True
    return chosen
