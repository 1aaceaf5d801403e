"""The school's own statements: what each kind of entry is in xAPI, well formed, and once."""

from base64 import b64encode
from datetime import timedelta
from decimal import Decimal
from io import BytesIO

import httpx2
import time_machine
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.compliance.attendance import service as attendance
from app.compliance.attendance.schemas import CorrectionIn, HoursIn
from app.core.files import open_store
from app.core.permissions import SYSTEM
from app.enrollment import service as enrollment
from app.lrs import service
from app.lrs.desk.keys import service as credentials
from app.lrs.engine import values
from app.lrs.engine.statements import validation
from app.lrs.engine.versions import Version
from app.projections.service import prepare
from app.projections.statements.facts import duration_text
from app.projections.statements.facts import reported as reported_facts
from app.projections.subscription import Outcome, catch_up
from app.settings import Settings
from app.web.imports import service as imports
from tests.compliance.attendance.deciding import corrected, entered, registrar
from tests.conftest import LiveServer
from tests.lrs.desk.conftest import Scene, make_scene, payloads
from tests.projecting import ADL, AT, STATEMENTS, ZONE, everything, project, reported


def test_every_fact_makes_a_statement_that_the_store_itself_takes(session: Session, scene: Scene) -> None:
    everything(session, scene)
    project(session)
    stated = payloads(session)
    verbs = (
        "registered initialized attended attended abandoned launched initialized progressed failed suspended "
        "resumed passed terminated completed completed progressed completed abandoned"
    )
    assert " ".join(one["verb"]["id"].rpartition("/")[2] for one in stated) == verbs
    for statement in stated:
        validation.statement(statement, "$", Version.TWO)
        assert statement["actor"]["account"] == {
            "homePage": "http://localhost:8000",
            "name": str(scene.student.id),
        }
        assert statement["object"]["id"].startswith("http://localhost:8000/")
        assert "display" in statement["verb"]
    assert len({statement["context"]["registration"] for statement in stated}) == 1
    users = set(session.scalars(text("SELECT user_id FROM xapi_statements")))
    assert users == {scene.student.id}
    assert stated[2]["result"] == {"duration": "PT2H5M"}
    assert "instructor" not in stated[2]["context"]
    assert stated[3]["context"]["instructor"]["name"] == "Grace Office"
    assert stated[8]["result"] == {
        "score": {"scaled": 1.0, "raw": 100.0, "min": 0, "max": 100},
        "completion": True,
        "success": False,
    }


def test_the_rooms_tell_what_they_do(session: Session, scene: Scene) -> None:
    attendance.clock_in(session, scene.subject, ZONE)
    attendance.clock_out(session, scene.subject, ZONE)
    enrollment.record_lesson_completion(
        session,
        enrollment_id=scene.enrollment.id,
        lesson_id=scene.lesson.id,
        source="content",
        score_pct=80,
        at=AT,
    )
    enrollment.complete(
        session,
        scene.staff,
        scene.enrollment.id,
        today=scene.enrollment.enrolled_at,
        zone=ZONE,
        exception="As agreed",
    )
    project(session)
    stated = payloads(session)
    assert [one["verb"]["id"].removeprefix(ADL) for one in stated] == [
        "initialized",
        "attended",
        "completed",
        "progressed",
        "completed",
    ]
    assert stated[2]["object"]["definition"]["name"] == {"en-US": "Bitewings & more"}
    assert stated[3]["result"]["extensions"] == {"https://w3id.org/xapi/cmi5/result/extensions/progress": 100}
    assert stated[4]["context"]["instructor"]["account"]["name"] == str(scene.admin.id)


def test_a_better_score_of_a_completed_lesson_is_stated(session: Session, scene: Scene) -> None:
    for score in (50, 40, 90):
        enrollment.record_lesson_completion(
            session,
            enrollment_id=scene.enrollment.id,
            lesson_id=scene.lesson.id,
            source="content",
            score_pct=score,
            at=AT,
        )
    project(session)
    stated = [(one["verb"]["id"].removeprefix(ADL), one["result"].get("score")) for one in payloads(session)]
    assert [(verb, score["raw"]) for verb, score in stated if score] == [
        ("completed", 50.0),
        ("scored", 90.0),
    ]


def _stated(session: Session) -> list[tuple[str, str | None, bool]]:
    """Verb, duration, and whether it has been voided: every statement, oldest first."""
    rows = session.execute(
        text("SELECT verb, result ->> 'duration', is_voided FROM xapi_statements ORDER BY id")
    )
    return [(verb.rpartition("/")[2], duration, voided) for verb, duration, voided in rows]


def test_a_correction_voids_what_was_stated_of_the_time_entry(session: Session, scene: Scene) -> None:
    entry = HoursIn(
        enrollment_id=scene.enrollment.id,
        clock_in=AT,
        clock_out=AT + timedelta(hours=3),
        reason="the tablet was flat",
    )
    entry = entered(session, registrar(session), entry, ZONE, scene.staff)
    project(session)
    half = CorrectionIn(clock_in=AT, clock_out=AT + timedelta(minutes=90), reason="left early")
    corrected(session, registrar(session), entry.id, half, ZONE, scene.staff)
    project(session)
    attended = [("attended", "PT3H", True), ("voided", None, False), ("attended", "PT1H30M", False)]
    assert _stated(session) == attended
    first, voiding, second = payloads(session)
    validation.statement(voiding, "$", Version.TWO)
    assert voiding["object"] == {"objectType": "StatementRef", "id": first["id"]}
    assert voiding["actor"]["account"]["name"] == str(scene.admin.id)
    assert second["timestamp"] == "2026-05-04T13:30:00.000000Z"
    nothing = CorrectionIn(clock_in=AT, clock_out=AT, reason="was not there")
    corrected(session, registrar(session), entry.id, nothing, ZONE, scene.staff)
    project(session)
    assert _stated(session)[2:] == [("attended", "PT1H30M", True), ("voided", None, False)]
    corrected(session, registrar(session), entry.id, half, ZONE, scene.staff)
    project(session)
    assert _stated(session)[4:] == [("attended", "PT1H30M", False)]
    lines = service.recent_for_user(session, SYSTEM, scene.student.id)
    assert [line.result for line in lines] == ["1\u00a0h\u00a030\u00a0min"]


def test_correcting_a_forgotten_time_entry_takes_back_that_its_end_is_unknown(
    session: Session, scene: Scene
) -> None:
    with time_machine.travel(AT, tick=False):
        attendance.clock_in(session, scene.subject, ZONE)
    with time_machine.travel(AT + timedelta(days=1), tick=False):
        entry = attendance.clock_out(session, scene.subject, ZONE)
    half = CorrectionIn(clock_in=AT, clock_out=AT + timedelta(minutes=90), reason="asked the student")
    corrected(session, registrar(session), entry.id, half, ZONE, scene.staff)
    project(session)
    assert _stated(session) == [
        ("initialized", None, False),
        ("abandoned", None, True),
        ("voided", None, False),
        ("attended", "PT1H30M", False),
    ]


def test_an_import_that_is_undone_takes_its_statements_back(session: Session, scene: Scene) -> None:
    settings: Settings = session.info["settings"]
    files = open_store(settings)
    program = scene.school.program()
    for name in ("ana", "bo"):
        scene.school.student(email=f"{name}@example.org")
    content = f"Email,Program\nana@example.org,{program.id}\nbo@example.org,{program.id}\n".encode()
    early, late = (
        imports.send(session, scene.staff, settings, files, "enrollments", BytesIO(content), "e.csv")
        for _ in range(2)
    )
    imports.start(session, scene.staff, files, early.id, good_only=False)
    imports.run(session, scene.staff, settings, files, early.id)
    project(session)
    assert _stated(session) == [("registered", None, False)] * 2
    imports.undo(session, scene.staff, early.id)
    # One that is undone before anything of it was stated.
    imports.start(session, scene.staff, files, late.id, good_only=False)
    imports.run(session, scene.staff, settings, files, late.id)
    imports.undo(session, scene.staff, late.id)
    for _ in range(2):
        project(session)
        assert _stated(session) == [("registered", None, True)] * 2 + [("voided", None, False)] * 2
    for voiding in payloads(session)[2:]:
        validation.statement(voiding, "$", Version.TWO)
        assert voiding["actor"]["account"]["name"] == str(scene.admin.id)


def test_the_statements_resource_answers_with_them(live_server: LiveServer) -> None:
    with live_server.database.begin() as session:
        scene = make_scene(session)
        made = credentials.create(session, SYSTEM, live_server.url, label="Reader", scopes=["all/read"])
        key = made.api_key.key
        everything(session, scene)
    prepare(live_server.database)
    assert catch_up(live_server.database, STATEMENTS) is Outcome.NOTHING
    pair = b64encode(f"{key}:{made.secret}".encode()).decode()
    answer = httpx2.get(
        f"{live_server.url}/xapi/statements",
        params={"verb": f"{ADL}passed"},
        headers={"Authorization": f"Basic {pair}", "X-Experience-API-Version": "1.0.3"},
    )
    assert answer.status_code == 200, answer.text
    (one,) = answer.json()["statements"]
    assert one["actor"]["name"] == "Ana Ruiz"
    assert one["authority"]["name"] == "AADA LMS"


@given(st.integers(0, 10_000_000))
def test_durations_mean_the_seconds_they_are_made_of(seconds: int) -> None:
    written = duration_text(seconds)
    assert values.is_duration(written)
    rest = written.removeprefix("PT")
    total = 0
    for unit, worth in (("H", 3600), ("M", 60), ("S", 1)):
        number, found, after = rest.partition(unit)
        if found:
            total, rest = total + int(number) * worth, after
    assert total == seconds
    assert not rest


STATUSES = ("not attempted", "browsed", "incomplete", "failed", "completed", "passed")


@given(
    before=st.sampled_from(STATUSES),
    after=st.sampled_from(STATUSES),
    score=st.none() | st.decimals(-50, 200, places=2),
    first=st.booleans(),
    ending=st.sampled_from([None, "terminated", "suspended"]),
)
def test_a_report_tells_only_what_is_new_and_true(
    before: str, after: str, score: Decimal | None, first: bool, ending: str | None
) -> None:
    text_ = None if score is None else str(score)
    stated = reported_facts(
        reported(
            status_before=before,
            status=after,
            score_pct_before=text_,
            score_pct=text_,
            first=first,
            ending=ending,
        )
    )
    verbs = [verb.iri.rpartition("/")[2] for _, verb, _ in stated]
    assert ("initialized" in verbs) is first
    assert {"passed", "failed", "completed"} & set(verbs) == (
        {after} if after != before and after in ("passed", "failed", "completed") else set()
    )
    assert ("terminated" in verbs or "suspended" in verbs) is (ending is not None)
