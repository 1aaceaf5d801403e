"""One case file, three doors: the command, the API and the page give the same; and what leaving would refund."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from app.commands import docs, refund
from app.core import clock
from app.core.errors import Conflict, NotFound
from app.core.money import format_cents
from app.db.models import User
from app.finance.refunds import door, service
from app.rules.refunds_curve import after, curve
from app.settings import CHECKOUT, Settings
from tests.factories.school import School, subject_of
from tests.rules.refund_cases import case, generated, paid

RUNNER = CliRunner()
ZONE = ZoneInfo("America/New_York")


@pytest.fixture
def school(session: Session) -> School:
    return School(session)


def command(given: object, *options: str) -> tuple[int, str, str]:
    text = given if isinstance(given, str) else json.dumps(given)
    done = RUNNER.invoke(refund.commands, ["preview", "--file=-", *options], input=text)
    return done.exit_code, done.stdout, done.stderr


def test_command_api_and_page_give_the_same(school: School, signed_in: Callable[[User], TestClient]) -> None:
    client = signed_in(school.admin())
    names = case()
    names["items"][0]["name"] = names["payments"][4]["for"] = "Kit “é” <b>"
    names["payments"][4]["for"] = "item:Kit “é” <b>"
    for given in [case(), names, *generated(7, 5, settings=True)]:
        expected = door.preview(given).as_record()
        status, out, _ = command(given, "--json")
        assert (status, json.loads(out)) == (0, expected)
        answer = client.post("/api/v1/refunds/preview", json=given)
        assert (answer.status_code, answer.json()) == (200, expected)
        page = client.post("/refunds/preview", data={"case": json.dumps(given)})
        assert page.status_code == 200
        assert f"Refund: {format_cents(expected['amount_cents'])}" in page.text
        assert "<b>" not in page.text
        status, out, _ = command(given)
        assert status == 0
        assert format_cents(expected["amount_cents"]) in out


def test_a_wrong_case_is_named_alike_by_all_three(
    school: School, signed_in: Callable[[User], TestClient]
) -> None:
    client = signed_in(school.admin())
    wrong = case(payments=[paid(1, "segment:Module 9")])
    path, words = "$.payments[0].for", "There is no segment “Module 9” in this case."
    status, out, err = command(wrong, "--json")
    assert (status, out) == (2, "")
    assert err.startswith(f"{path}: {words}")
    answer = client.post("/api/v1/refunds/preview", json=wrong)
    assert answer.status_code == 422
    assert [(one["field"], one["message"][: len(words)]) for one in answer.json()["errors"]] == [
        (path, words)
    ]
    page = client.post("/refunds/preview", data={"case": json.dumps(wrong)})
    assert page.status_code == 422
    assert f"{path}: {words}" in page.text
    for text, status in (('{"policy": 1, "policy": 2}', 400), ("{", 400), ("[]", 422), ("", 422)):
        sent = client.post(
            "/api/v1/refunds/preview", content=text, headers={"Content-Type": "application/json"}
        )
        assert sent.status_code == status, text
        assert command(text)[0] == 2
    assert client.post("/refunds/preview", data={"case": "{"}).status_code in (400, 422)


def test_the_command_reads_a_file_and_needs_no_school(tmp_path: Path) -> None:
    """In a process of its own, so that what it loads is seen: no room beside this one, and no database."""
    file = tmp_path / "case.json"
    file.write_text("\ufeff" + json.dumps(case()), encoding="utf-8")
    program = (
        "import sys; from app.commands.refund import commands\n"
        "try: commands()\n"
        "finally: print(*[name for name in sys.modules if name in ('fastapi', 'sqlalchemy.orm', 'app.enrollment')],"
        " file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "preview", "--file", str(file), "--json"],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(Path(refund.__file__).parents[2]), "PATH": "", "PYTHONIOENCODING": "ascii"},
    )
    assert json.loads(done.stdout)["amount_cents"] == 453_600
    assert done.stderr.strip() == ""
    missing = RUNNER.invoke(refund.commands, ["preview", "--file", str(tmp_path / "none.json")])
    assert (missing.exit_code, missing.stdout) == (2, "")
    assert "cannot be read" in missing.stderr


def test_the_documentation_is_what_the_shapes_say() -> None:
    done = RUNNER.invoke(docs.commands, ["refunds", "--check"])
    assert done.exit_code == 0, "write docs/refund-case.md again: aada docs refunds"
    page = (CHECKOUT / "docs" / "refund-case.md").read_text(encoding="utf-8")
    examples = re.findall(r"^```json\n(.*?)^```", page, re.M | re.S)
    answer = door.preview(json.loads(examples[0])).as_record()
    assert answer | json.loads(examples[1]) == answer


# What leaving would refund


def test_a_student_sees_what_leaving_would_refund(
    school: School, session: Session, settings: Settings, signed_in: Callable[[User], TestClient]
) -> None:
    program = school.program(tuition_amount_cents=504_000, clock_hours=480)
    student = school.student()
    enrollment = school.enrollment(student, program, enrolled_at=clock.today(ZONE) - timedelta(days=30))
    begun = clock.now() - timedelta(days=2)
    school.attendance(enrollment, begun, minutes=720)
    session.flush()
    found = service.what_if(session, subject_of(student), enrollment.id, settings.zone)
    assert (found.done_minutes, found.now.amount_cents) == (720, 491_400)
    assert found.next_week.amount_cents <= found.now.amount_cents
    assert found.points[0] == (0, 504_000)
    assert found.points[-1] == (28_800, 0)
    page = signed_in(student).get("/account/refund")
    assert page.status_code == 200
    assert "$4,914.00" in page.text
    assert "An estimate" in page.text
    office = signed_in(school.admin()).get(f"/enrollments/{enrollment.id}/refund")
    assert "$4,914.00" in office.text
    with pytest.raises(NotFound):
        service.what_if(session, subject_of(school.student()), enrollment.id, settings.zone)
    with pytest.raises(NotFound):
        service.what_if(session, subject_of(school.instructor()), enrollment.id, settings.zone)


def test_without_hours_or_a_program_there_is_nothing_to_compute(
    school: School, session: Session, settings: Settings, signed_in: Callable[[User], TestClient]
) -> None:
    student = school.student()
    enrollment = school.enrollment(student, school.program(clock_hours=None))
    session.flush()
    with pytest.raises(Conflict, match="no clock hours"):
        service.what_if(session, subject_of(student), enrollment.id, settings.zone)
    assert "There is nothing to compute" in signed_in(student).get("/account/refund").text
    assert signed_in(school.admin()).get("/account/refund").status_code == 404


@pytest.mark.parametrize("seed", range(8))
def test_the_curve_falls_and_ends_where_the_rule_says(seed: int) -> None:
    given = door.case_of(generated(seed, 1)[0] | {"kind": "student", "withdrawn_at": "2028-01-01T00:00:00Z"})
    points = curve(given)
    assert points == sorted(points)
    assert [cents for _, cents in points] == sorted((cents for _, cents in points), reverse=True)
    assert all(after(given, minutes).amount_cents == cents for minutes, cents in points)
    last = max((minutes for minutes, cents in points if cents), default=None)
    if last is not None and last < given.total_minutes:
        assert (last + 1, 0) in points
