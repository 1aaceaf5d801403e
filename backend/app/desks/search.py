"""One box that finds things: students and programs for the staff, her own lessons for a student."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.academics import service as academics
from app.accounts import service as accounts
from app.core.permissions import Role, Subject
from app.enrollment import service as enrollment
from app.web.paging import Paging

MOST = 20


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing found."""

    title: str
    text: str
    href: str
    icon: str


@dataclass(frozen=True, slots=True)
class Found:
    """Things of one kind, `total` of them in all, and where the whole list is."""

    heading: str
    hits: list[Hit]
    total: int
    more: str


def search(session: Session, subject: Subject, words: str) -> list[Found]:
    """What the words find; kinds of which nothing was found are left out."""
    if not words:
        return []
    found = _for_staff(session, subject, words) if subject.is_staff else _for_student(session, subject, words)
    return [kind for kind in found if kind.hits]


def _for_staff(session: Session, subject: Subject, words: str) -> list[Found]:
    paging = Paging(q=words, per_page=MOST)
    people = accounts.list_people(session, subject, paging, Role.STUDENT)
    programs = academics.list_programs(session, subject, paging)
    return [
        Found(
            "Students",
            [Hit(user.full_name, user.email, f"/people/{user.id}", "user") for user in people.items],
            people.total,
            "/people",
        ),
        Found(
            "Programs",
            [
                Hit(row.Program.name, f"{row.lessons} lessons", f"/programs/{row.Program.id}", "books")
                for row in programs.items
            ],
            programs.total,
            "/programs",
        ),
    ]


def _for_student(session: Session, subject: Subject, words: str) -> list[Found]:
    hits = []
    own = enrollment.list_enrollments(session, subject, Paging(per_page=50), user_id=subject.user_id)
    for item in own.items:
        _progress, lessons = enrollment.read_progress(session, subject, item.id)
        for lesson in lessons:
            everything = f"{lesson.title} {lesson.module_name}".casefold()
            if all(word in everything for word in words.casefold().split()):
                place = f"{lesson.module_name} · {item.program_name}"
                hits.append(Hit(lesson.title, place, f"/learn/lessons/{lesson.id}", "book"))
    return [Found("Lessons", hits[:MOST], len(hits), "/learn")]
