"""Exported lessons as files: whole, described as each standard says, and the same bytes each time."""

import hashlib
import json
import re
from io import BytesIO

import pytest
from defusedxml.ElementTree import fromstring
from sqlalchemy import select

from app.content.bank import service as bank
from app.content.bank.schemas import CorrectionForm
from app.content.exports import service
from app.core.errors import Conflict, Forbidden, Invalid
from app.db.models import AuditEntry, ContentType
from tests.content.conftest import School, subject_of
from tests.content.exports.conftest import ORIGIN, Export, exported, names, read, write_lesson
from tests.content.quizzes.conftest import planner, pools_of, question

EVERY = ["scorm12", "scorm2004", "cmi5"]
IMS = "{http://www.imsglobal.org/xsd/imscp_v1p1}"
CMI5 = "{https://w3id.org/xapi/profiles/cmi5/v1/CourseStructure.xsd}"


@pytest.mark.parametrize("standard", EVERY)
def test_the_manifest_names_what_is_there(export: Export, standard: str) -> None:
    package = export(standard, text="# A & B\n\n![Wet <hands>](hands.png)")
    inside = names(package)
    manifest, *files = inside
    assert manifest == ("cmi5.xml" if standard == "cmi5" else "imsmanifest.xml")
    assert {"index.html", "lesson.js", "lesson-data.js", "style.css", "files/hands.png"} < set(files)
    assert len([one for one in files if one.startswith("pictures/")]) == 1
    root = fromstring(read(package, manifest))
    hrefs = [one.get("href") for one in root.iter() if one.tag.endswith("}file")]
    assert hrefs == ([] if standard == "cmi5" else files)
    page = read(package, "index.html")
    for name in re.findall(r'(?:src|href)="([^"#]+)"', page):
        assert name in inside, name
    # Nothing is loaded from elsewhere, and nothing stands in the page that a strict policy would refuse.
    assert not re.search(r"https?://", page.replace("connect-src http: https:", ""))
    assert not re.search(r"<script(?! src)|<style|\son\w+=|style=", page)


@pytest.mark.parametrize("standard", EVERY)
def test_the_same_version_makes_the_same_bytes_and_a_corrected_key_others(
    school: School, export: Export, standard: str
) -> None:
    first = export(standard)
    assert hashlib.sha256(exported(school, standard)).digest() == hashlib.sha256(first).digest()
    number = json.loads(read(first, "lesson-data.js").removeprefix("globalThis.LESSON_DATA = ")[:-2])
    choice = next(one for one in number["questions"] if one["kind"] == "choice")
    form = CorrectionForm(version=1, lines="Water\n* Towel\nGloves", reason="Towels first")
    bank.correct(school.session, planner(school), int(choice["id"][1:]), form)
    assert exported(school, standard) != first


def test_each_standard_is_given_the_pass_mark_in_its_own_way(school: School, export: Export) -> None:
    package = export("scorm2004", pass_percent=65)
    tree = fromstring(read(package, "imsmanifest.xml"))
    assert tree.findtext(f".//{IMS}schemaversion") == "2004 4th Edition"
    assert [one.text for one in tree.iter() if one.tag.endswith("}minNormalizedMeasure")] == ["0.65"]
    unit = fromstring(read(exported(school, "cmi5"), "cmi5.xml")).find(f"{CMI5}au")
    assert unit is not None
    assert (unit.get("moveOn"), unit.get("masteryScore")) == ("CompletedAndPassed", "0.65")
    assert unit.findtext(f"{CMI5}url") == "index.html"
    old = fromstring(read(exported(school, "scorm12"), "imsmanifest.xml"))
    assert [one for one in old.iter() if one.tag.endswith("masteryscore")] == []


def test_a_lesson_without_quiz_is_completed_by_reading(school: School, export: Export) -> None:
    unit = fromstring(read(export("cmi5", quiz=False), "cmi5.xml")).find(f"{CMI5}au")
    assert unit is not None
    assert (unit.get("moveOn"), unit.get("masteryScore")) == ("Completed", None)
    assert "local_quiz.js" not in read(exported(school, "scorm12"), "lesson.js")
    assert "minNormalizedMeasure" not in read(exported(school, "scorm2004"), "imsmanifest.xml")


def test_who_may_not_see_right_answers_exports_no_lesson_with_questions(school: School) -> None:
    write_lesson(school)
    instructor = subject_of(school.instructor)  # who teaches no class of the program
    with pytest.raises(Forbidden, match="right answers go with this lesson"):
        service.offer(school.session, instructor, school.lesson.id, ORIGIN)
    with pytest.raises(Forbidden):
        service.export(
            school.session,
            instructor,
            school.files,
            school.lesson.id,
            "cmi5",
            origin=ORIGIN,
            target=BytesIO(),
        )
    with pytest.raises(Forbidden):
        service.offer(school.session, subject_of(school.student), school.lesson.id, ORIGIN)


def test_a_text_alone_is_exported_by_whoever_writes_lessons(school: School) -> None:
    write_lesson(school, quiz=False)
    offer = service.offer(school.session, subject_of(school.instructor), school.lesson.id, ORIGIN)
    assert (offer.questions, offer.files, offer.refused) == (0, 1, {})


def test_nothing_is_exported_that_is_not_published(school: School) -> None:
    with pytest.raises(Conflict, match="no published version"):
        service.offer(school.session, planner(school), school.lesson.id, ORIGIN)
    school.lesson.content_type = ContentType.SCORM
    school.session.flush()
    school.upload()
    with pytest.raises(Conflict, match="written here"):
        service.offer(school.session, planner(school), school.lesson.id, ORIGIN)


def test_an_export_is_in_the_history(school: School, export: Export) -> None:
    export("cmi5")
    row = school.session.scalars(
        select(AuditEntry).where(AuditEntry.action == "content.lesson_exported")
    ).one()
    assert (row.details["standard"], row.details["questions"]) == ("cmi5", 6)


def test_a_quiz_that_scorm12_cannot_keep_is_refused_and_the_others_are_not(school: School) -> None:
    from app.content.authoring.schemas import Quiz
    from tests.content.authoring.conftest import publish

    school.lesson.content_type = ContentType.DOCUMENT
    school.session.flush()
    many = [question(school, "numeric", value=str(number), prompt=f"{number}?") for number in range(90)]
    publish(school, "# Many", Quiz(pools=pools_of(*many)))
    offer = service.offer(school.session, planner(school), school.lesson.id, ORIGIN)
    assert list(offer.refused) == ["scorm12"]
    assert "keeps 4,096 characters" in offer.refused["scorm12"]
    with pytest.raises(Invalid, match="4,096"):
        exported(school, "scorm12")
    assert names(exported(school, "scorm2004"))
