"""One package in many lessons, and several files at once."""

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.academics import service as academics
from app.content import service
from app.content.packages.several import import_several
from app.core.errors import Forbidden, Invalid
from app.core.permissions import Role, Subject
from app.db.models import ContentFile, ContentType, Lesson, User
from tests.content.conftest import Play, School, completions, subject_of
from tests.factories.h5p import h5p_content
from tests.factories.media import media
from tests.factories.packages import course
from tests.factories.pdfs import pdf


def admin_of(school: School) -> Subject:
    return replace(subject_of(school.instructor), role=Role.ADMIN)


def another(school: School, kind: ContentType = ContentType.SCORM) -> Lesson:
    lesson = Lesson(module_id=school.lesson.module_id, title="Again", content_type=kind, order_num=2)
    school.session.add(lesson)
    school.session.flush()
    return lesson


def test_a_package_of_another_lesson_plays_in_this_one_with_results_of_its_own(
    school: School, play: Play
) -> None:
    first = school.upload()
    lesson = another(school)
    subject = subject_of(school.instructor)
    (offered,) = service.reusable(school.session, subject, lesson.id)
    assert offered[0] == first.id
    made = service.reuse(school.session, subject, lesson.id, first.id)
    assert (made.version, made.sha256, made.lesson_id) == (1, first.sha256, lesson.id)

    def files(package_id: int) -> list[tuple[str, str]]:
        rows = school.session.scalars(select(ContentFile).where(ContentFile.package_id == package_id))
        return sorted((one.path, one.sha256) for one in rows)

    assert files(made.id) == files(first.id)
    play().commit(lesson_status="completed", finish=True)
    school.lesson = lesson
    played = play()
    assert played.boot()["cmi"]["core"]["lesson_status"] == ""
    assert played.host.get(f"{played.base}/files/pages/course.html").status_code == 200
    played.commit(lesson_status="completed", finish=True)
    assert len(completions(school)) == 2


def test_only_what_is_in_use_and_of_the_kind_is_offered(school: School) -> None:
    school.upload()
    film = another(school, ContentType.VIDEO)
    subject = subject_of(school.instructor)
    assert service.reusable(school.session, subject, film.id) == []
    assert service.reusable(school.session, subject, school.lesson.id) == []
    with pytest.raises(Invalid, match="Choose one"):
        service.reuse(school.session, subject, film.id, 1)
    with pytest.raises(Forbidden):
        service.reuse(school.session, subject_of(school.student), film.id, 1)


def several(school: School, *files: tuple[str, bytes], subject: Subject | None = None) -> list[str]:
    made = import_several(
        school.session,
        subject or admin_of(school),
        school.files,
        school.lesson.module_id,
        [(name, io.BytesIO(data)) for name, data in files],
        max_bytes=10**9,
    )
    lessons = [school.session.get_one(Lesson, one.lesson_id) for one in made]
    return [f"{one.title}: {one.content_type.value}" for one in lessons]


def test_each_file_becomes_a_lesson_of_its_kind(school: School) -> None:
    made = several(
        school,
        ("course.zip", course()),
        ("hands.h5p", h5p_content()),
        ("film.mp4", media("film.mp4")),
        ("read.pdf", pdf("a")),
    )
    assert [one.partition(": ")[2] for one in made] == ["scorm", "h5p", "video", "document"]
    assert made[0] == "Infection control: scorm"


def test_everything_wrong_with_any_file_is_said_and_nothing_is_kept(school: School) -> None:
    before = school.session.scalars(select(Lesson.id)).all()
    with pytest.raises(Invalid) as refused:
        several(
            school, ("good.zip", course()), ("bad.zip", b"PK\x03\x04 nothing"), ("worse.pdf", b"%PDF-1.7")
        )
    assert {fault.field.partition(": ")[0] for fault in refused.value.errors} == {"bad.zip", "worse.pdf"}
    assert refused.value.detail.startswith("2 of 3 files")
    assert school.session.scalars(select(Lesson.id)).all() == before
    with pytest.raises(Forbidden):
        several(school, ("good.zip", course()), subject=subject_of(school.instructor))


def test_nothing_is_locked_while_files_are_examined_and_stored(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first new lesson holds the program's students; so it comes when the last file lies in the store."""
    acts: list[str] = []
    real_put, real_create = school.files.put, academics.create_lesson

    def put(*given: Any) -> Any:
        acts.append("put")
        return real_put(*given)

    def create(*given: Any) -> Lesson:
        acts.append("lesson")
        return real_create(*given)

    monkeypatch.setattr(school.files, "put", put)
    monkeypatch.setattr("app.academics.service.create_lesson", create)
    several(school, ("course.zip", course()), ("read.pdf", pdf("a")))
    assert acts[-2:] == ["lesson", "lesson"]
    assert acts.count("lesson") == 2


@pytest.mark.parametrize("name", ["a\u200bb.pdf", "\ufeff\u00ad.pdf", "\ue000.pdf"])
def test_a_name_with_signs_that_nobody_sees_is_no_trouble(school: School, name: str) -> None:
    made = several(school, (name, pdf("a")))
    assert len(made) == 1


def test_the_pages(school: School, signed_in: Callable[[User], TestClient]) -> None:
    first = school.upload()
    lesson = another(school)
    admin = User(email="ada@school.example", full_name="Ada Min", role=Role.ADMIN, hashed_password="!")
    school.session.add(admin)
    school.session.commit()
    client = signed_in(admin)
    url = f"/lessons/{lesson.id}/content/reuse"
    assert "Hand washing" in client.get(url).text
    assert client.post(url, data={"package_id": "999999"}).status_code == 422
    assert client.post(url, data={"package_id": str(first.id)}).status_code == 303
    module = f"/modules/{school.lesson.module_id}/content"
    assert client.get(module).status_code == 200
    bad = client.post(module, files=[("packages", ("bad.zip", b"PK\x03\x04 nothing"))])
    assert (bad.status_code, "bad.zip" in bad.text) == (422, True)
    good = [("packages", ("a.zip", course())), ("packages", ("read.pdf", pdf("a")))]
    assert client.post(module, files=good).status_code == 303
    assert client.post(module).status_code in (415, 422)
