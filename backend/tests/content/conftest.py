"""What the tests of the content room share: a school with one lesson, and the means to play it."""

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Page
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.content import service
from app.content.schemas import LaunchOut
from app.core import clock, tokens
from app.core.files import FileStore, open_store
from app.core.permissions import Role, Subject
from app.db.models import (
    ContentPackage,
    ContentType,
    Enrollment,
    EnrollmentStatus,
    Lesson,
    LessonCompletion,
    Module,
    Program,
    ScormData,
    User,
    UserSession,
)
from app.settings import Settings
from tests.conftest import LiveServer
from tests.factories.packages import course

SAMPLES = Path(__file__).resolve().parents[4] / "shared" / "content"


@pytest.fixture
def samples() -> Path:
    """The folder of real packages, where the checkout has one beside it."""
    if not SAMPLES.is_dir():
        pytest.skip("no folder of real packages beside this checkout")
    return SAMPLES


def subject_of(user: User) -> Subject:
    """The person as a request has them."""
    return Subject(user.id, user.email, user.full_name, user.role)


@dataclass
class School:
    """One program with one SCORM lesson; a student in it, a stranger, and an instructor."""

    session: Session
    settings: Settings
    files: FileStore
    program: Program
    lesson: Lesson
    student: User
    stranger: User
    instructor: User
    enrollment: Enrollment

    def upload(self, package: bytes | None = None, name: str = "course.zip") -> ContentPackage:
        """Import a package as the instructor."""
        return service.import_package(
            self.session,
            subject_of(self.instructor),
            self.files,
            self.lesson.id,
            io.BytesIO(course() if package is None else package),
            file_name=name,
            max_bytes=self.settings.max_upload_bytes,
        )

    def launch(self, sco_id: str | None = None, *, preview: bool = False) -> LaunchOut:
        """Open the lesson as the student, or preview it as the instructor."""
        person = self.instructor if preview else self.student
        return service.launch(
            self.session,
            subject_of(person),
            self.settings,
            self.lesson.id,
            sco_id=sco_id,
            preview=preview,
        )

    def attempts(self) -> list[ScormData]:
        """All attempts on record, in order."""
        self.session.expire_all()
        return list(self.session.scalars(select(ScormData).order_by(ScormData.id)))

    def attempt(self) -> ScormData:
        """The only attempt on record."""
        (attempt,) = self.attempts()
        return attempt


def make_school(session: Session, settings: Settings) -> School:
    """Write the school's rows into the session."""

    def user(name: str, role: Role) -> User:
        person = User(
            email=f"{name.split(maxsplit=1)[0].lower()}@school.example",
            full_name=name,
            role=role,
            hashed_password="!",
        )
        session.add(person)
        return person

    student, stranger = user("Maria Lopez", Role.STUDENT), user("Sara Other", Role.STUDENT)
    instructor = user("Ina Structor", Role.INSTRUCTOR)
    program = Program(name="Dental Assistant Professional")
    session.add(program)
    session.flush()
    module = Module(program_id=program.id, name="Infection control", order_num=1)
    session.add(module)
    session.flush()
    lesson = Lesson(module_id=module.id, title="Hand washing", content_type=ContentType.SCORM, order_num=1)
    enrollment = Enrollment(
        user_id=student.id,
        program_id=program.id,
        status=EnrollmentStatus.ACTIVE,
        enrolled_at=date(2026, 9, 1),
    )
    session.add_all([lesson, enrollment])
    session.flush()
    return School(
        session,
        settings,
        open_store(settings),
        program,
        lesson,
        student,
        stranger,
        instructor,
        enrollment,
    )


@pytest.fixture
def school(session: Session, settings: Settings) -> School:
    """A school in the rolled-back transaction."""
    return make_school(session, settings)


@pytest.fixture
def host(app: FastAPI, settings: Settings) -> Iterator[TestClient]:
    """A browser on the content host."""
    with TestClient(
        app, base_url=settings.content_origin, follow_redirects=False, raise_server_exceptions=False
    ) as client:
        yield client


@dataclass
class Played:
    """One launch, as the player on the content host uses it."""

    host: TestClient
    launch: LaunchOut
    origin: str
    seq: int = 0

    @property
    def base(self) -> str:
        return self.launch.player_url.removesuffix("/player")

    def cmi(self, **core: Any) -> dict[str, Any]:
        suspend_data = core.pop("suspend_data", None)
        cmi: dict[str, Any] = {"core": core}
        return cmi if suspend_data is None else {**cmi, "suspend_data": suspend_data}

    def boot(self) -> dict[str, Any]:
        """What the player page starts from."""
        text = self.host.get(self.launch.player_url).text
        start = text.index('id="boot">') + len('id="boot">')
        boot: dict[str, Any] = json.loads(text[start : text.index("</script>", start)])
        return boot

    def send(self, body: Any, **headers: str) -> Any:
        """POST a commit as it stands."""
        content = body if isinstance(body, str | bytes) else json.dumps(body)
        return self.host.post(
            f"{self.base}/commit", content=content, headers={"Origin": self.origin, **headers}
        )

    def commit(
        self, *, finish: bool = False, leaving: bool = False, seq: int | None = None, **core: Any
    ) -> dict[str, Any]:
        """Report elements of `cmi.core` and `suspend_data`; the answer must be that it is kept."""
        self.seq = seq if seq is not None else self.seq + 1
        answer = self.send({"seq": self.seq, "finish": finish, "leaving": leaving, "cmi": self.cmi(**core)})
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        assert body["result"] is True
        return body


@pytest.fixture
def play(school: School, host: TestClient) -> Callable[..., Played]:
    """`play(sco_id)` opens the lesson as the student; uploads the small course first if there is none."""

    def start(sco_id: str | None = None, *, preview: bool = False) -> Played:
        if school.session.scalar(select(ContentPackage.id)) is None:
            school.upload()
        launch = school.launch(sco_id, preview=preview)
        school.session.commit()
        return Played(host, launch, school.settings.content_origin)

    return start


Play = Callable[..., Played]


def score(raw: object, low: object = "", high: object = "100") -> dict[str, object]:
    return {"raw": raw, "min": low, "max": high}


def completions(school: School) -> list[LessonCompletion]:
    return list(school.session.scalars(select(LessonCompletion)))


NO_STORAGE = (
    "if (window !== top) for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(window, name,"
    " { configurable: true, get() { throw new DOMException('denied', 'SecurityError'); } });"
)
"""What browsers do to frames of other sites."""
PHONE = {"width": 390, "height": 844}


@dataclass
class Stage:
    """A served school with one lesson, and windows of people in it."""

    server: LiveServer
    browser: Browser
    ids: dict[str, int]
    contexts: list[BrowserContext]

    def upload(self, package: bytes) -> None:
        with self.server.database.begin() as session:
            school = self._school(session)
            school.upload(package)

    def launch(self, sco_id: str | None = None, *, preview: bool = False) -> LaunchOut:
        """Open the lesson as the student, or preview it as the instructor."""
        with self.server.database.begin() as session:
            return self._school(session).launch(sco_id, preview=preview)

    def _school(self, session) -> School:  # type: ignore[no-untyped-def]
        from app.core.files import open_store
        from app.db.models import Lesson, Program

        return School(
            session,
            self.server.settings,
            open_store(self.server.settings),
            session.get(Program, self.ids["program"]),
            session.get(Lesson, self.ids["lesson"]),
            session.get(User, self.ids["student"]),
            session.get(User, self.ids["student"]),
            session.get(User, self.ids["instructor"]),
            session.get(Enrollment, self.ids["enrollment"]),
        )

    def page(self, who: str = "student", **options: object) -> Page:
        clear, hashed = tokens.new_token()
        with self.server.database.begin() as session:
            session.add(
                UserSession(
                    user_id=self.ids[who], token_hash=hashed, expires_at=clock.now() + timedelta(days=1)
                )
            )
        context = self.browser.new_context(viewport=PHONE, base_url=self.server.url, **options)  # type: ignore[arg-type]
        context.add_cookies(
            [{"name": "aada_session", "value": clear, "url": self.server.url, "httpOnly": True}]
        )
        self.contexts.append(context)
        return context.new_page()

    def open(self, page: Page) -> FrameLocator:
        page.goto(f"/learn/lessons/{self.ids['lesson']}")
        return course_in(page)

    def attempts(self) -> list[ScormData]:
        with self.server.database.begin() as session:
            return list(session.scalars(select(ScormData).order_by(ScormData.id)))

    def wait_for(self, check: Callable[[list[ScormData]], bool], page: Page) -> list[ScormData]:
        """Until what is on record satisfies the check; commits come from the browser in their own time."""
        for _ in range(100):
            attempts = self.attempts()
            if check(attempts):
                return attempts
            page.wait_for_timeout(100)
        pytest.fail(f"not on record: {[(a.cmi_core_lesson_status, a.location) for a in self.attempts()]}")

    def completions(self) -> list[LessonCompletion]:
        with self.server.database.begin() as session:
            return list(session.scalars(select(LessonCompletion)))


@pytest.fixture
def stage(live_server: LiveServer, browser: Browser) -> Iterator[Stage]:
    with live_server.database.begin() as session:
        school = make_school(session, live_server.settings)
        ids = {
            "program": school.program.id,
            "lesson": school.lesson.id,
            "student": school.student.id,
            "instructor": school.instructor.id,
            "enrollment": school.enrollment.id,
        }
    stage = Stage(live_server, browser, ids, [])
    yield stage
    for context in stage.contexts:
        context.close()


def course_in(page: Page) -> FrameLocator:
    return page.frame_locator("#player").frame_locator("#course")
