"""Inspection mode: who is meant, the draw that anybody can repeat, the packet, and what each student's log says."""

import csv
import hashlib
import re
import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.compliance.inspections import packet, service
from app.compliance.inspections.schemas import InspectionForm
from app.compliance.privacy import service as privacy
from app.core.errors import Forbidden, Invalid, NotFound
from app.core.files import FileStore
from app.core.permissions import Duty, Subject
from app.core.proof import ProofRequired
from app.db.models import AuditEntry, Disclosure, InspectedStudent, InspectionPacket, User
from app.rules.inspections import draw
from app.settings import Settings
from tests.compliance.privacy.conftest import NOW, TODAY, SignedIn
from tests.documents import poppler
from tests.factories.school import School, subject_of


@given(
    st.text(min_size=1, max_size=20),
    st.sets(st.integers(1, 10**6), max_size=60),
    st.integers(0, 80),
    st.data(),
)
def test_a_draw_can_be_repeated_by_anybody(
    seed: str, numbers: set[int], count: int, data: st.DataObject
) -> None:
    drawn = draw(seed, data.draw(st.permutations(sorted(numbers))), count)
    by_hand = sorted(numbers, key=lambda one: hashlib.sha256(f"{seed}:{one}".encode()).hexdigest())
    assert drawn == by_hand[:count]
    # Who was drawn stays drawn when more are wanted, and when somebody who was not drawn is no longer there.
    assert draw(seed, numbers, count + 1)[: len(drawn)] == drawn
    if others := numbers - set(drawn):
        assert draw(seed, numbers - {min(others)}, len(drawn)) == drawn


@pytest.fixture
def students(session: Session, school: School) -> list[User]:
    made = []
    for place in range(10):
        person = school.student(full_name=f"Pupil {place} Núñez", email=f"pupil{place}@example.org")
        school.attendance(school.enrollment(person))
        made.append(person)
    session.commit()
    return made


def _form(**values: object) -> InspectionForm:
    return InspectionForm(inspector="Ida Inspector", agency="GNPEC", reference="R-17", **values)  # type: ignore[arg-type]


@pytest.mark.usefixtures("keys")
def test_ten_named_students_are_one_packet_that_verifies_and_each_log_says_so(
    app: FastAPI,
    session: Session,
    settings: Settings,
    store: FileStore,
    students: list[User],
    registrar: Subject,
    signed_in: Callable[[User], TestClient],
    tmp_path: Path,
) -> None:
    gone, others = students[9], students
    # By name (an accent and an apostrophe do not matter), by number, and by address: as they were pasted.
    text = "pupil 0 nunez\n" + ", ".join(str(one.id) for one in others[1:5]) + "\n"
    text += "; ".join(one.email.upper() for one in others[5:])
    row = service.start(session, registrar, _form(students=text), TODAY)
    gone.deleted_at = NOW
    session.commit()
    assert service.progress(session, registrar, row.id).percent == 0
    client = signed_in(session.get_one(User, registrar.user_id))
    assert "0 of 10 files" in client.get(f"/inspections/{row.id}").text
    assert client.get(f"/inspections/{row.id}/packet").status_code == 409

    packet.work(app.state.database, store, settings, row.id)
    packet.work(app.state.database, store, settings, row.id)  # a job that comes twice changes nothing
    session.expire_all()

    found = service.progress(session, registrar, row.id)
    assert (found.percent, found.inspection.problem) == (100, None)
    answer = client.get(f"/inspections/{row.id}/packet")
    assert answer.headers["content-type"] == "application/zip"
    path = tmp_path / "packet.zip"
    path.write_bytes(answer.content)
    assert hashlib.sha256(answer.content).hexdigest() == found.inspection.packet_sha256
    with zipfile.ZipFile(path) as opened:
        opened.extractall(tmp_path)
        names = set(opened.namelist())
    subprocess.run(["sha256sum", "--quiet", "--strict", "-c", "SHA256SUMS"], cwd=tmp_path, check=True)
    listed = {line.split("  ", 1)[1] for line in (tmp_path / "SHA256SUMS").read_text().splitlines()}
    assert names - {"SHA256SUMS"} == listed

    page = (tmp_path / "index.html").read_text()
    assert gone.full_name in page
    assert "account deleted" in page, "the school still has their records"
    assert "R-17" in page
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)
    links = set(re.findall(r'href="([^"]+)"', page))
    assert links <= names
    for one in others:
        folder = next(name.split("/")[1] for name in names if name.endswith(f"-{one.id}/index.html"))
        for file in ("index.html", "index.pdf", "manifest.json", "manifest.json.sig"):
            assert f"students/{folder}/{file}" in names
        own = (tmp_path / "students" / folder / "index.html").read_text()
        assert one.full_name in own
        inside = set(re.findall(r'href="([^"]+)"', own))
        assert {f"students/{folder}/{link}" for link in inside} <= names
        # The history says so, the student's log says so, and the student sees it.
        (exported,) = session.scalars(
            select(AuditEntry).where(
                AuditEntry.student_id == one.id, AuditEntry.action == "student_file.exported"
            )
        )
        assert exported.reason == "State inspection: Ida Inspector, GNPEC"
        assert exported.actor_id == registrar.user_id
        if one is gone:
            continue  # nobody signs in to it
        (line,) = privacy.log_of(session, subject_of(one), one.id)
        assert (line.Disclosure.recipient, line.Disclosure.interest) == (
            "Ida Inspector, GNPEC",
            "State inspection: R-17",
        )
    assert not any(one.problem for one in found.students)
    assert f'href="/people/{gone.id}"' not in client.get(f"/inspections/{row.id}").text
    assert len(session.scalars(select(Disclosure)).all()) == 1
    assert "Ida Inspector" in poppler.text_of(tmp_path / "index.pdf")

    # Three days later the download is over, and the log is not.
    over = time_machine.travel(NOW + timedelta(days=3, seconds=1), tick=False)
    with over, pytest.raises(NotFound, match="expired"):
        service.open_packet(session, replace(registrar, session_id=None), row.id, store)
    assert privacy.log_of(session, subject_of(others[0]), others[0].id)


def test_lines_that_are_not_clear_start_nothing(
    session: Session, school: School, students: list[User], registrar: Subject
) -> None:
    known = {one.id for one in students}
    cases = {
        "Nobody Atall": [],
        str(students[2].id): [students[2].id],
        "999999999": [],
        "9" * 30: [],
        "pupil7@example.org": [students[7].id],
        "Núñez, Pupil 4": [students[4].id],
        "nunez": sorted(known),
        "%": [],
    }
    for text, expected in cases.items():
        (line,) = service.find(session, registrar, text)
        assert sorted(one.student_id for one in line.found) == expected, text
    for values in (
        {"students": "nunez"},
        {"students": "Nobody Atall\n" + str(students[0].id)},
        {"students": ""},
        {"chosen": [registrar.user_id]},
        {
            "count": 50,
            "students": str(students[0].id),
            "chosen": [one.id for one in students],
            "among": "left",
        },
    ):
        with pytest.raises(Invalid):
            service.start(session, registrar, _form(**values), TODAY)
    with pytest.raises(Invalid, match="50 students at most"):
        service.find(session, registrar, "\n".join(str(number) for number in range(1, 60)))
    assert session.scalars(select(InspectionPacket)).all() == []
    # One choice settles what a line means.
    row = service.start(session, registrar, _form(students="nunez", chosen=[students[5].id]), TODAY)
    (only,) = session.scalars(select(InspectedStudent).where(InspectedStudent.inspection_id == row.id))
    assert (only.student_id, only.drawn) == (students[5].id, False)


def test_a_draw_is_recorded_and_repeated(
    session: Session, school: School, students: list[User], registrar: Subject
) -> None:
    # Whoever was enrolled can be drawn and named, with a deleted account too; who only had an account cannot.
    students[3].deleted_at = school.student(full_name="Pupil Never", deleted_at=NOW).deleted_at
    session.flush()
    for word in (str(students[3].id), "Pupil 3"):
        (line,) = service.find(session, registrar, word)
        assert [(one.student_id, "account deleted" in one.programs) for one in line.found] == [
            (students[3].id, True)
        ]
    assert not service.find(session, registrar, "Pupil Never")[0].found
    shown = service.draw(session, registrar, 3, "active")
    assert shown.drawn_from == 10
    row = service.start(
        session,
        registrar,
        _form(count=3, among="active", seed=shown.seed, students=str(students[0].id)),
        TODAY,
    )
    assert (row.seed, row.drawn_from, row.drawn_among) == (shown.seed, 10, "active")
    rows = service.progress(session, registrar, row.id).students
    drawn = [one.student_id for one in rows if one.drawn]
    assert (
        drawn
        == draw(shown.seed, [one.id for one in students], 3)
        == [one.student_id for one in shown.students]
    )
    (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.action == "inspection.requested"))
    assert (entry.details["seed"], entry.details["drawn_from"]) == (shown.seed, 10)
    # Without a seed the system takes one; two draws are not the same by accident of a constant.
    assert (
        service.draw(session, registrar, 3, "everyone").seed
        != service.draw(session, registrar, 3, "everyone").seed
    )


@pytest.mark.usefixtures("keys")
def test_a_draw_is_repeated_with_the_tools_of_any_machine(
    app: FastAPI,
    session: Session,
    settings: Settings,
    store: FileStore,
    school: School,
    students: list[User],
    registrar: Subject,
    tmp_path: Path,
) -> None:
    """The packet's own instructions, run as they stand in it, print whom the packet has; nothing else is packed."""
    shown = service.draw(session, registrar, 3, "everyone", "visit-7")
    numbers = [one.student_id for one in shown.students]
    (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.action == "inspection.drawn"))
    assert (entry.details["seed"], entry.details["students"]) == ("visit-7", numbers)
    changes: tuple[dict[str, object], ...] = (
        {"count": 4},
        {"seed": "visit-8"},
        {"drawn": [*numbers[1:], numbers[0]]},
    )
    for changed in changes:
        typed: dict[str, object] = {"count": 3, "seed": "visit-7", "among": "everyone", "drawn": numbers}
        with pytest.raises(Invalid, match="Draw again"):
            service.start(session, registrar, _form(**(typed | changed)), TODAY)
    row = service.start(
        session, registrar, _form(count=3, seed="visit-7", among="everyone", drawn=numbers), TODAY
    )
    other = service.start(session, registrar, _form(count=3, seed="visit-7", among="everyone"), TODAY)
    session.execute(
        update(InspectedStudent)
        .where(InspectedStudent.inspection_id == other.id, InspectedStudent.place == 1)
        .values(student_id=next(one.id for one in students if one.id not in numbers))
    )
    # Somebody who comes later was not among those who could be drawn.
    school.enrollment(school.student())
    session.commit()
    for one in (row, other):
        packet.work(app.state.database, store, settings, one.id)
    session.expire_all()
    assert (other.packet_sha256, row.problem) == (None, None)
    assert "not those that the seed draws" in (other.problem or "")

    path = tmp_path / "packet.zip"
    path.write_bytes(store.read_bytes(row.packet_sha256 or ""))
    with zipfile.ZipFile(path) as opened:
        opened.extractall(tmp_path)
    said = (tmp_path / "DRAW.txt").read_text()
    command = said[said.index("  tail") : said.index("\n\nCompare")]
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert [int(line) for line in done.stdout.split()] == numbers
    sheet = list(csv.DictReader((tmp_path / "draw.csv").read_text("utf-8-sig").splitlines()))
    assert {int(line["student_number"]) for line in sheet} == {one.id for one in students}
    assert [int(line["student_number"]) for line in sheet if line["drawn"] == "yes"] == numbers
    assert all(
        line["sha256"] == hashlib.sha256(f"{line['seed']}:{line['student_number']}".encode()).hexdigest()
        for line in sheet
    )


def test_who_may_and_with_a_recent_proof(
    session: Session, school: School, students: list[User], registrar: Subject
) -> None:
    auditor = school.with_duty(Duty.AUDITOR)
    inspecting = replace(subject_of(auditor), duties=frozenset({Duty.AUDITOR}))
    assert service.find(session, inspecting, str(students[0].id))[0].found
    stale = replace(registrar, session_id=1, proved_at=NOW - timedelta(hours=1))
    with pytest.raises(ProofRequired):
        service.start(session, stale, _form(students=str(students[0].id)), TODAY)
    bursar = replace(subject_of(school.with_duty(Duty.BURSAR)), duties=frozenset({Duty.BURSAR}))
    for who in (bursar, subject_of(students[0])):
        with pytest.raises(Forbidden):
            service.find(session, who, "nunez")
    assert session.scalars(select(InspectionPacket)).all() == []


@pytest.mark.usefixtures("keys")
def test_a_packet_that_fails_gives_out_nothing(
    app: FastAPI,
    session: Session,
    settings: Settings,
    store: FileStore,
    students: list[User],
    registrar: Subject,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = service.start(session, registrar, _form(students=f"{students[0].id}\n{students[1].id}"), TODAY)
    session.commit()
    real, calls = privacy.write_into, []

    def fails_second(*given: object, **named: object) -> object:
        calls.append(given)
        if len(calls) == 2:
            raise OSError("the disk is full")
        return real(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(privacy, "write_into", fails_second)
    with pytest.raises(OSError, match="full"):
        packet.work(app.state.database, store, settings, row.id)
    session.expire_all()
    assert session.get_one(InspectionPacket, row.id).packet_sha256 is None
    assert "Prepare the packet again" in (session.get_one(InspectionPacket, row.id).problem or "")
    assert session.scalars(select(Disclosure)).all() == []
    assert not session.scalars(select(AuditEntry).where(AuditEntry.action == "student_file.exported")).all()


def test_the_pages_find_draw_and_start(
    session: Session, school: School, students: list[User], signed_in: SignedIn
) -> None:
    client = signed_in(school.with_duty(Duty.AUDITOR))
    assert "ready within a minute" in client.get("/inspections").text
    assert client.get("/inspections/new").status_code == 200
    typed = {"inspector": "Ida Inspector", "agency": "GNPEC", "among": "everyone"}
    page = client.post(
        "/inspections/new", data={**typed, "students": "Pupil 3\nNobody Atall", "step": "find"}
    )
    assert page.status_code == 200
    assert f'value="{students[3].id}" checked' in page.text
    assert "No student is called that" in page.text
    # What was shown can be unticked, and lines that were changed since are looked for again.
    shown = {
        **typed,
        "students": "Pupil 3\r\nPupil 4",
        "found": "Pupil 3\nPupil 4",
        "chosen": str(students[4].id),
    }
    unticked = client.post("/inspections/new", data={**shown, "step": "start"}, follow_redirects=False)
    assert unticked.status_code == 303
    assert "Pupil 4" in (text := client.get(unticked.headers["location"]).text)
    assert "Pupil 3" not in text
    changed = client.post("/inspections/new", data={**shown, "students": "Pupil 5", "step": "start"})
    assert (changed.status_code, "lines were changed" in changed.text) == (422, True)
    page = client.post("/inspections/new", data={**typed, "count": "4", "step": "draw"})
    seed = re.search(r'name="seed"[^>]*value="([0-9a-f]+)"|value="([0-9a-f]{16})"', page.text)
    assert seed, page.text
    assert "4 of 10 students" in page.text
    bad = client.post("/inspections/new", data={**typed, "students": "Nobody Atall", "step": "start"})
    assert bad.status_code == 422
    assert "Choose whom these lines mean" in bad.text
    for wrong in ({"count": "51"}, {"count": "x"}, {"seed": "<script>"}, {"chosen": "999999999999"}):
        assert client.post("/inspections/new", data={**typed, "step": "start", **wrong}).status_code == 422
    started = client.post(
        "/inspections/new", data={**typed, "students": "Pupil 3", "step": "start"}, follow_redirects=False
    )
    assert started.status_code == 303
    assert "Pupil 3" in client.get(started.headers["location"]).text
    assert client.get("/inspections?format=csv").text.count("Ida Inspector") == 2
