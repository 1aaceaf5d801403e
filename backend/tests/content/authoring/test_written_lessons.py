"""Writing a lesson, publishing it, and a student who reads it: versions never change, and nobody overwrites anybody."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, text

from app.content import service as content
from app.content.authoring import media, service
from app.content.authoring.schemas import QuizForm
from app.content.versions import service as versions
from app.core import clock
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.db.models import ContentFile, ContentType, LessonCompletion, LessonText
from tests.content.authoring.conftest import add_file, packages, picture, publish, write
from tests.content.conftest import Play, School, subject_of


def test_every_save_is_a_version_and_the_same_again_is_none(document: School) -> None:
    assert [write(document, "One"), write(document, "Two"), write(document, "Two")] == [1, 2, 2]
    rows = document.session.scalars(select(LessonText).order_by(LessonText.version)).all()
    assert [(row.version, row.body, row.saved_by) for row in rows] == [
        (1, "One", document.instructor.id),
        (2, "Two", document.instructor.id),
    ]


def test_the_later_of_two_saves_is_refused_with_who_was_first(document: School) -> None:
    write(document, "One")
    write(document, "Hers")
    with pytest.raises(Conflict, match="Ina Structor saved this lesson while you were editing it"):
        service.save(
            document.session, subject_of(document.instructor), document.lesson.id, made_from=1, body="His"
        )
    assert service.read(document.session, subject_of(document.instructor), document.lesson.id).body == "Hers"


def test_a_saved_text_cannot_be_changed_by_the_system(document: School) -> None:
    write(document, "One")
    document.session.flush()
    may = document.session.scalar(text("SELECT has_table_privilege('aada_app', 'lesson_texts', 'UPDATE')"))
    assert may is False


def test_what_is_published_is_a_version_with_its_files(document: School) -> None:
    add_file(document, "Wet Hands.PNG", picture())
    add_file(document, "unused.png", picture("red"))
    package = publish(document, "# Wash\n\n![Wet hands](wet-hands.png)")
    assert (package.standard, package.version, package.title) == ("written", 1, "Hand washing")
    (item,) = package.manifest["items"]
    assert "<h2>Wash</h2>" in item["details"]["html"]
    assert item["details"]["quiz"] is None
    files = document.session.scalars(
        select(ContentFile.path).where(ContentFile.package_id == package.id)
    ).all()
    assert files == ["wet-hands.png"]
    # Taken out of the lesson, it stays in what was published.
    media.remove(document.session, subject_of(document.instructor), document.lesson.id, "wet-hands.png")
    assert document.files.exists(package.sha256)
    owners = document.session.execute(
        text("SELECT owner_room FROM file_claims WHERE released_at IS NULL AND owner_row = :row"),
        {"row": str(package.id)},
    ).scalars()
    assert set(owners) == {"content.packages"}


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("![](hands.png)", "has no description"),
        ("![x](gone.png)", "is not among the files"),
        ("  ", "The lesson is empty"),
    ],
)
def test_what_is_incomplete_is_saved_and_not_published(document: School, body: str, sentence: str) -> None:
    add_file(document, "hands.png", picture())
    with pytest.raises(Invalid, match=sentence):
        publish(document, body)
    assert packages(document) == []


def test_only_the_newest_version_is_published(document: School) -> None:
    write(document, "One")
    write(document, "Two")
    with pytest.raises(Conflict, match="newer version"):
        service.publish(
            document.session,
            subject_of(document.instructor),
            document.files,
            document.lesson.id,
            version=1,
        )


def test_a_course_package_lesson_is_not_written(school: School) -> None:
    school.lesson.content_type = ContentType.SCORM
    with pytest.raises(Invalid, match="not a document lesson"):
        service.save(school.session, subject_of(school.instructor), school.lesson.id, made_from=0, body="x")


def test_students_do_not_write(document: School) -> None:
    with pytest.raises(Forbidden):
        service.save(
            document.session, subject_of(document.student), document.lesson.id, made_from=0, body="x"
        )
    with pytest.raises(Forbidden):
        service.read(document.session, subject_of(document.student), document.lesson.id)


@pytest.mark.parametrize("data", [b"MZ\x90 a program", b"<svg onload=alert(1)>", b"%PDF-1.7", b""])
def test_only_what_a_lesson_can_show_is_taken_in(document: School, data: bytes) -> None:
    with pytest.raises(Invalid, match="A lesson can’t show this kind of file"):
        add_file(document, "hands.png", data)


def test_a_name_is_there_once(document: School) -> None:
    add_file(document, "a/b/Händé 1.png", picture())
    assert [
        one.name
        for one in service.read(document.session, subject_of(document.instructor), document.lesson.id).media
    ] == ["hande-1.png"]
    with pytest.raises(Exception, match="uq_lesson_media_name"), document.session.begin_nested():
        add_file(document, "hande-1.png", picture("red"))


# The student


def test_reading_to_the_end_completes_the_lesson(
    document: School, play: Play, host: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_file(document, "hands.png", picture())
    publish(document, "# Wash\n\n![Hands](hands.png)")
    document.session.commit()
    played = play()
    page = host.get(played.launch.player_url).text
    assert "<h2>Wash</h2>" in page
    assert host.get(f"{played.base}/files/hands.png").content == picture()
    assert host.get(f"{played.base}/files/lesson.json").status_code == 404
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=1))
    answer = played.send({"seq": 1, "cmi": {"end": False, "place": 300, "seconds": 20}}).json()
    assert (answer["lesson_status"], answer["complete"]) == ("incomplete", False)
    answer = played.send({"seq": 2, "cmi": {"end": True, "place": 1000, "seconds": 40}}).json()
    assert (answer["lesson_status"], answer["complete"]) == ("completed", True)
    attempt = document.attempt()
    assert (attempt.total_seconds, attempt.location) == (40, "1000")
    assert document.session.scalars(select(LessonCompletion)).one().source == "content"
    # A late report takes nothing back.
    played.send({"seq": 3, "cmi": {"end": False, "place": 10, "seconds": 41}})
    assert document.attempt().cmi["end"] is True
    assert play().boot()["cmi"] == {"end": True, "place": 10, "quiz": False, "done": True, "counts": True}


@pytest.mark.parametrize(
    "cmi", [{"end": 1}, {"place": -1}, {"place": 1001}, {"seconds": "x"}, {"place": True}, {"seconds": 1e9}]
)
def test_what_no_player_sends_is_refused(document: School, play: Play, cmi: dict[str, object]) -> None:
    publish(document, "Text")
    document.session.commit()
    assert play().send({"seq": 1, "cmi": cmi}).status_code == 422
    assert document.attempt().cmi == {}


def test_a_preview_records_nothing(document: School, play: Play) -> None:
    publish(document, "Text")
    document.session.commit()
    assert play(preview=True).send({"seq": 1, "cmi": {"end": True}}).status_code == 200
    assert document.attempts() == []


def test_a_student_stays_on_the_version_they_began_until_they_are_moved(document: School, play: Play) -> None:
    first = publish(document, "One")
    document.session.commit()
    play()
    second = publish(document, "Two")
    document.session.commit()
    student, instructor = subject_of(document.student), subject_of(document.instructor)
    played = play()
    assert "One" in played.host.get(played.launch.player_url).text
    result = content.lesson_result(document.session, student, document.lesson.id)
    assert result.package_id == first.id
    assert content.work_in_older_version(document.session, student, document.lesson.id) is False
    admin = replace(instructor, role=type(instructor.role).ADMIN)
    (on,) = versions.students_on_versions(document.session, admin, document.lesson.id)
    assert (on.version, on.is_newest) == (1, False)
    versions.move(document.session, admin, document.lesson.id, document.enrollment.id)
    document.session.commit()
    played = play()
    assert "Two" in played.host.get(played.launch.player_url).text
    assert content.lesson_result(document.session, student, document.lesson.id).package_id == second.id
    (on,) = versions.students_on_versions(document.session, admin, document.lesson.id)
    assert on.is_newest
    # The work in the older version stays.
    assert {row.package_id for row in document.attempts()} == {first.id, second.id}


def test_an_instructor_moves_only_students_of_their_own(document: School, play: Play) -> None:
    publish(document, "One")
    document.session.commit()
    play()
    publish(document, "Two")
    with pytest.raises(NotFound):
        versions.move(
            document.session, subject_of(document.instructor), document.lesson.id, document.enrollment.id
        )


@pytest.mark.parametrize(
    ("due", "sentence"),
    [("9999-12-31T23:59", "from 2000 to 2100"), ("2026-03-08T02:30", "does not exist")],
)
def test_a_due_date_that_is_none_is_refused(due: str, sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence):
        QuizForm.model_validate({"due_at": due}).quiz(ZoneInfo("America/New_York"))
