"""People of every kind who walk every route of the system.

What a route needs is made of what it declares: numbers in its address are those of one student's things, bodies are
examples of its models.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from pydantic import TypeAdapter
from sqlalchemy import Connection, select
from sqlalchemy.orm import Session
from starlette.datastructures import UploadFile

from app.core import clock
from app.core.files import open_store
from app.core.permissions import Duty
from app.db.models import (
    Authenticator,
    ClassAttendance,
    ClassChange,
    ClassInstructor,
    ClassMeeting,
    ClassSeat,
    ContentPackage,
    DataImport,
    FactorReset,
    IssuedDocument,
    OutboxMessage,
    Passkey,
    SchoolHoliday,
    SchoolPolicy,
    SchoolSignatory,
    SchoolTerm,
    User,
    UserDuty,
    XapiCredential,
    XapiForwarder,
    XapiImport,
)
from app.settings import Settings
from tests.client import Client
from tests.conftest import sign_in_directly
from tests.factories.accounts import ApiTokenFactory, UserSessionFactory
from tests.factories.agreements import agreed
from tests.factories.assignments import handed_in
from tests.factories.attendance import absent, requested
from tests.factories.complaints import complained
from tests.factories.credentials import awarded
from tests.factories.externships import walked
from tests.factories.grades import graded, reviewed
from tests.factories.kiosk import walked as punched
from tests.factories.leaves import away
from tests.factories.ledger import owing
from tests.factories.privacy import asked as asked_of_privacy
from tests.factories.school import School
from tests.factories.transcripts import transcribed
from tests.factories.written import written
from tests.web.routes import Route, every_route
from tests.web.walk_rows import admission_rows, file_rows

WORDS = {
    "kind": "password",
    "day": "2026-05-06",
    "prefix": "ABCDEF",
    "slug": "0" * 16,
    "section": "timeline",
    "step": "acknowledge",
    "batch": "11111111-1111-4111-8111-111111111111",
}
"""What stands in an address where no number does."""


@dataclass
class Walk:
    """The system with two students of different programs, a person for each duty, and a way to call it that leaves
    no trace. The instructor and the evaluator teach the other student."""

    app: FastAPI
    connection: Connection
    origin: str
    people: dict[str, User | None]
    other: User
    numbers: Mapping[str, int]
    """Of the other student and what is theirs."""
    own: Mapping[str, int]
    """The same of the student who asks."""
    clients: dict[str, TestClient]
    routes: list[Route]

    def call(self, who: str, route: Route, path: str | None = None, **kwargs: Any) -> Response:
        """One request; what it changed is taken back."""
        with self.connection.begin_nested() as savepoint:
            answer = self.clients[who].request(route.method, path or self.address(route), **kwargs)
            savepoint.rollback()
        return answer

    def address(self, route: Route, part: str | None = None) -> str:
        """The route's address with the other student's numbers, or with `part` in each place."""
        pieces = []
        for piece in route.path.split("/"):
            if piece.startswith("{"):
                name = piece.strip("{}").partition(":")[0]
                example = WORDS.get(name) or _PLACES.get(name, self.numbers.get(name, self.other.id))
                pieces.append(part if part is not None else str(example))
            else:
                pieces.append(piece)
        return "/".join(pieces)

    def body(self, route: Route, text: str | None = None) -> dict[str, Any]:
        """What the route takes, filled with examples that name the other student's things; `text` in all texts."""
        if route.form is not None:
            asked = {name: it.annotation for name, it in route.form.model_fields.items()}
            files = [name for name, it in asked.items() if it is UploadFile]
            files = files or [name for name, it in asked.items() if it == list[UploadFile]]
            if files:
                return {"files": dict.fromkeys(files, ("course.zip", b"PK nothing"))}
            schema = route.form.model_json_schema()
            fields = {name: _typed(value) for name, value in self.example(schema, schema, "", text).items()}
            kind = {"content-type": "application/x-www-form-urlencoded"}
            return {"content": urlencode(fields), "headers": kind}
        if not route.bodies:
            return {}
        (param,) = route.bodies
        schema = TypeAdapter(param.field_info.annotation).json_schema()
        value = self.example(schema, schema, "", text)
        # json.dumps and not the client's own: it writes half characters as escapes.
        return {"content": json.dumps(value), "headers": {"content-type": "application/json"}}

    def example(self, schema: dict[str, Any], root: dict[str, Any], name: str, text: str | None) -> Any:
        if "$ref" in schema:
            return self.example(root["$defs"][schema["$ref"].rpartition("/")[2]], root, name, text)
        if "anyOf" in schema:
            return self.example(next(s for s in schema["anyOf"] if s.get("type") != "null"), root, name, text)
        if "enum" in schema or "const" in schema:
            return schema.get("enum", [schema.get("const")])[0]
        match schema.get("type"):
            case "object":
                wanted = schema.get("required", [])
                return {
                    key: self.example(part, root, key, text)
                    for key, part in schema.get("properties", {}).items()
                    if key in wanted or key in self.numbers
                }
            case "array":
                return [self.example(schema["items"], root, name.removesuffix("s"), text)]
            case "integer" | "number":
                if text is not None:
                    return 10**30
                return self.numbers.get(name, schema.get("minimum", 1))
            case "boolean":
                return False
        if text is not None:
            return text
        return (
            _TEXTS.get(schema.get("format", ""))
            or _TEXTS.get(name)
            or "An example"[: schema.get("maxLength")]
        )


_PLACES = {"kind_name": "people"}
"""What stands in an address and is no number."""
_TEXTS = {
    "date": "2026-05-04",
    "date-time": "2026-05-04T12:00:00",
    "email": "zebulona@example.org",
    "time": "08:30:00",
    "time_zone": "America/New_York",
    "content_url": "https://example.org/video",
}


def _typed(value: object) -> object:
    return (
        json.dumps(value)
        if isinstance(value, dict | list)
        else str(value).encode("utf-8", "replace").decode()
    )


@pytest.fixture
def walk(app: FastAPI, session: Session, connection: Connection, settings: Settings) -> Iterator[Walk]:
    school = School(session)
    mine = school.enrollment(school.student(), school.program())
    my_module = school.module(mine.program)
    my_lesson = school.lesson(my_module)
    other = school.student(full_name="Zebulona Quistgaard", email="zebulona@example.org")
    enrollment = school.enrollment(other, school.program())
    module = school.module(enrollment.program)
    lesson = school.lesson(module)
    record = school.attendance(enrollment)
    school.completion(enrollment, lesson)
    school.scorm_data(enrollment, lesson)
    message = OutboxMessage(to_address=other.email, subject="To you", body_text="A secret")
    package = ContentPackage(
        lesson_id=lesson.id, version=1, standard="scorm12", title="Other", file_name="x.zip", sha256="0" * 64,
        size_bytes=1, manifest={"standard": "scorm12", "edition": "1.2", "identifier": "x", "title": "Other", "items": [
            {"id": "sco", "title": "Other", "path": "index.html"}]}, warnings=[],
    )  # fmt: skip
    # A secret that cannot be unsealed: nobody is asked in earnest.
    target = XapiForwarder(
        label="Archive", endpoint="https://lrs.example.org", username="key", password_sealed=""
    )
    credential = XapiCredential(
        key="key", secret_hash="0" * 64, kind="client", label="Simulator", scopes=["all"], authority={}
    )
    # Of a document that never came to be; the file of one is in no store here.
    document = IssuedDocument(
        kind="enrollment_letter", year=2026, serial=1, number="EV-2026-000001", status="void", void_reason="A test",
        student_id=other.id, enrollment_id=enrollment.id, request=UUID(int=1),
    )  # fmt: skip
    session.add_all([message, package, target, credential, document])
    session.flush()
    people: dict[str, User | None] = {"nobody": None, "student": session.get_one(User, mine.user_id)}
    people |= {duty.value: school.with_duty(duty) for duty in Duty}
    taught = school.school_class(
        teacher=people["instructor"], students=[enrollment], weekly=[(0, time(8, 30), time(13, 30))]
    )
    cancelled = ClassChange(class_id=taught.id, kind="cancelled", day=date(2026, 5, 4))
    gone = school.student(deleted_at=clock.now())
    signatory = SchoolSignatory(name="Ada Office", title="Director", first_day=date(2026, 1, 1))
    evaluator = people["evaluator"]
    assert evaluator is not None
    session.add(ClassInstructor(class_id=taught.id, user_id=evaluator.id, starts_on=taught.starts_on))
    colleague = school.with_duty(Duty.BURSAR)
    (duty_row,) = session.scalars(select(UserDuty).where(UserDuty.user_id == colleague.id))
    imported = XapiImport(file_name="old.ndjson", sha256="1" * 64, size_bytes=1, status="done")
    my_package = ContentPackage(
        lesson_id=my_lesson.id, version=1, standard="scorm12", title="Mine", file_name="y.zip", sha256="0" * 64,
        size_bytes=1, manifest=package.manifest, warnings=[],
    )  # fmt: skip
    people_file = open_store(settings).put(b"Name,Email\nAna,ana@example.org\n")
    checked = DataImport(
        kind="people", file_name="fall.csv", sha256=people_file.sha256, size_bytes=people_file.size, rows_total=1,
        headers=["Name", "Email"], mapping={"full_name": 0, "email": 1},
    )  # fmt: skip
    term = SchoolTerm(name="Spring", first_day=date(2026, 1, 5), last_day=date(2026, 5, 15))
    holiday = SchoolHoliday(name="Labor Day", first_day=date(2026, 9, 7), last_day=date(2026, 9, 7))
    lost = school.with_duty(Duty.BURSAR)
    other_passkey = Passkey(
        user_id=lost.id, name="Lost", credential_id=b"lost", public_key=b"", sign_count=0, transports=[]
    )
    other_app = Authenticator(user_id=lost.id, name="Lost", sealed_key="", last_step=0)
    reset = FactorReset(
        user_id=lost.id, reason="Lost", asked_by=colleague.id, expires_at=clock.now() + timedelta(days=1)
    )
    policy = SchoolPolicy(
        kind=WORDS["kind"], version=2, effective_from=date(2090, 1, 1), values={}, approved_by="Board"
    )
    my_passkey = Passkey(
        user_id=mine.user_id, name="Mine", credential_id=b"mine", public_key=b"", sign_count=0, transports=[]
    )
    my_app = Authenticator(user_id=mine.user_id, name="Mine", sealed_key="", last_step=0)
    session.add_all(
        [
            other_passkey,
            other_app,
            my_passkey,
            my_app,
            reset,
            imported,
            cancelled,
            signatory,
            term,
            holiday,
            policy,
            my_package,
            checked,
        ]
    )
    note = open_store(settings).put(b"%PDF-1.7 a doctor's note %%EOF")
    file = file_rows(session, other.id, 9001) | admission_rows(session, other.id, enrollment.program_id)
    my_file = file_rows(session, mine.user_id, 9002) | admission_rows(session, mine.user_id, mine.program_id)
    file |= asked_of_privacy(session, other.id) | complained(session, other.id)
    my_file |= asked_of_privacy(session, mine.user_id) | complained(session, mine.user_id)
    session.flush()
    given = graded(session, taught.id, enrollment.id, people) | awarded(session, enrollment)
    given |= handed_in(session, open_store(settings), module.id, enrollment)
    my_file |= handed_in(session, open_store(settings), my_module.id, mine)
    given |= away(session, enrollment) | absent(session, enrollment, note)
    given |= transcribed(session, enrollment, 1) | owing(session, enrollment) | agreed(session, enrollment, 1)
    given |= written(session, lesson.id, enrollment.program_id, enrollment.id)
    asked = requested(session, record, colleague.id)
    my_record = school.attendance(mine)
    # A meeting that was taken off the timetable after its roster was marked.
    met = datetime(2026, 5, 4, 20, tzinfo=UTC)
    session.add(
        ClassAttendance(
            class_id=taught.id,
            enrollment_id=enrollment.id,
            starts_at=met,
            ends_at=met + timedelta(hours=1),
            mark="absent",
            settled_at=met,
        )
    )
    numbers = (
        file
        | given
        | walked(session, enrollment)
        | punched(session, other.id, "Lab")
        | {
            "user_id": other.id,
            "student_id": other.id,
            "program_id": enrollment.program_id,
            "module_id": module.id,
            "lesson_id": lesson.id,
            "enrollment_id": enrollment.id,
            "forwarder_id": target.id,
            "key_id": credential.id,
            "record_id": record.id,
            "correction_id": asked.id,
            "session_id": UserSessionFactory(session=session, user_id=other.id).id,
            "token_id": ApiTokenFactory(session=session, user_id=other.id).id,
            "message_id": message.id,
            "document_id": document.id,
            "class_id": taught.id,
            "duty_id": duty_row.id,
            "import_id": imported.id,
            "data_import_id": checked.id,
            "change_id": cancelled.id,
            "meeting_id": session.scalars(select(ClassMeeting.id)).one(),
            "assignment_id": session.scalars(select(ClassInstructor.id).limit(1)).one(),
            "colleague_id": colleague.id,
            "deleted_id": gone.id,
            "number": signatory.id,
            "seat_id": session.scalars(select(ClassSeat.id)).one(),
            "signatory_id": signatory.id,
            "term_id": term.id,
            "holiday_id": holiday.id,
            "policy_version": policy.version,
            "passkey_id": other_passkey.id,
            "authenticator_id": other_app.id,
            "reset_id": reset.id,
        }
    )
    own = (
        numbers
        | my_file
        | reviewed(session, mine.id, appealed=False)
        | walked(session, mine)
        | punched(session, mine.user_id, "Front desk")
        | awarded(session, mine)
        | transcribed(session, mine, 2)
        | owing(session, mine)
        | agreed(session, mine, 2)
        | away(session, mine)
        | absent(session, mine, note)
        | written(session, my_lesson.id, mine.program_id, mine.id)
        | {
            "user_id": mine.user_id,
            "student_id": mine.user_id,
            "program_id": mine.program_id,
            "module_id": my_module.id,
            "lesson_id": my_lesson.id,
            "enrollment_id": mine.id,
            "record_id": my_record.id,
            "correction_id": requested(session, my_record, colleague.id).id,
            "session_id": UserSessionFactory(session=session, user_id=mine.user_id).id,
            "token_id": ApiTokenFactory(session=session, user_id=mine.user_id).id,
            "passkey_id": my_passkey.id,
            "authenticator_id": my_app.id,
        }
    )
    clients = {}
    for name, person in people.items():
        client = Client(
            app, base_url=settings.app_origin, follow_redirects=False, raise_server_exceptions=False
        )
        clients[name] = client if person is None else sign_in_directly(session, client, person)
    session.commit()
    yield Walk(app, connection, settings.app_origin, people, other, numbers, own, clients, every_route(app))
    for client in clients.values():
        client.close()
