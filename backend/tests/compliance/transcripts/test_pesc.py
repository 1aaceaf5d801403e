"""The transcript as PESC XML: the schema is not ours to keep, so its order and its limits stand here as one example."""

import copy
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring

from app.compliance.transcripts import pesc

GOLDEN = Path(__file__).with_name("pesc.xml")
CONTENT: dict[str, Any] = {
    "format": 2,
    "replaces": None,
    "school": {"legal_name": "Peachtree Dental Academy", "zone": "America/New_York", "address": ["1 Peachtree Street"]},
    "verify_at": "https://lms.example.org/verify/transcript",
    "student": {"number": 41, "name": "Nguyễn Thị Bích & Co <b>"},
    "program": {"number": 1, "name": "Dental Assistant", "clock_hours": 480, "weeks": 20, "credits": None},
    "enrollment": {
        "number": 7,
        "status": "Graduated",
        "enrolled_on": "2026-01-05",
        "completed_on": "2026-05-15",
        "withdrawn_on": None,
    },
    "courses": [
        {
            "code": "DA-101", "title": "Anatomy", "module": "Anatomy", "graded_on": "2026-03-02", "grade": "A",
            "points": "4", "weight": "1", "left_out": False, "passed": True,
        },
        {
            "code": "DA-102-A-LONG-CODE", "title": "Radiography " * 6, "module": "Radiography",
            "graded_on": "2026-04-02", "grade": "Pass with honors", "points": None, "weight": "1", "left_out": True,
            "passed": True,
        },
        {
            "code": "DA-103", "title": "Radiography lab", "module": "Radiography", "graded_on": "2026-04-02",
            "grade": "B", "points": "3", "weight": "1", "left_out": False, "passed": True,
        },
    ],
    "in_progress": [{"code": "DA-104", "title": "Chairside", "module": "Chairside"}],
    "gpa": "3.50",
    "scale": [],
    "outside_gpa": [],
    "credits_earned": None,
    "hours": {
        "total_minutes": 28801,
        "transferred_minutes": 90,
        "modules": [
            {"title": "Anatomy", "minutes": 2430, "classes": 1},
            {"title": "Radiography", "minutes": 600, "classes": 2},
        ],
        "other_minutes": 25771,
    },
    "externships": [{"site": "Peachtree Dental", "hours": 160, "verified_on": "2026-05-11"}],
    "statements": [{"record": "a grade", "statement": "I disagree with it, for the reasons that I gave. " * 3}],
}  # fmt: skip


def of(**changes: Any) -> Element:
    found: Element = fromstring(
        pesc.record({**copy.deepcopy(CONTENT), **changes}, "TR-2026-000001", date(2026, 5, 18))
    )
    return found


def texts(root: Element, path: str) -> list[str | None]:
    return [one.text for one in root.findall(path)]


def test_the_xml_has_the_order_and_the_fields_of_the_schema() -> None:
    """The file was accepted by the schema of version 1.4.0; a change of it must be tried again with it."""
    made = pesc.record(CONTENT, "TR-2026-000001", date(2026, 5, 18))
    assert made + "\n" == GOLDEN.read_text(encoding="utf-8")
    root = fromstring(made)
    assert root.tag == f"{{{pesc.NAMESPACE}}}CollegeTranscript"
    # Only the root has a prefix.
    assert not [one.tag for one in root.iter() if one is not root and "}" in one.tag]
    assert set(texts(root, ".//CourseCreditUnits") + texts(root, ".//CreditUnit")) == {"ClockHours"}
    # The hours of a module with two courses are nobody's alone, and are not lost.
    assert texts(root, ".//CourseCreditEarned") == ["40.50", "160"]
    assert "Clock hours in Radiography: 10.00." in texts(root, "Student/AcademicRecord/NoteMessage")


def test_no_text_is_longer_than_the_schema_allows_and_none_is_lost() -> None:
    name, title = "Maximiliana " * 12, "Advanced " * 20
    root = of(
        student={"number": 41, "name": name}, in_progress=[{"code": "X" * 40, "title": title, "module": None}]
    )
    limits = {
        "CompositeName": 45, "OrganizationName": 60, "AcademicProgramName": 60, "CourseTitle": 60, "CourseNumber": 15,
        "OriginalCourseID": 30, "CourseAcademicGrade": 10, "NoteMessage": 80, "DocumentID": 35,
    }  # fmt: skip
    for tag, longest in limits.items():
        assert all(1 <= len(one.text or "") <= longest for one in root.iter(tag)), tag
    whole, order = texts(root, ".//Name/NoteMessage")[:-1], texts(root, ".//Name/NoteMessage")[-1]
    assert "".join(str(one) for one in whole) == name
    # Core Main wants “Last, First Middle”; the school has one text.
    assert "not Last, First Middle" in str(order)
    assert title in "".join(str(one) for one in texts(root, ".//Course/NoteMessage"))
    said = "".join(str(one) for one in texts(root, "NoteMessage"))
    assert CONTENT["statements"][0]["statement"] in said
    # An empty element breaks the schema; the one without children says that nobody is named.
    assert [one.tag for one in root.iter() if len(one) == 0 and not one.text] == ["Organization"]


@pytest.mark.parametrize(
    ("hours", "level"),
    [(None, None), (0, None), (1, "1"), (899, "1"), (900, "2"), (1799, "2"), (1800, "4"), (5000, "4")],
)
def test_the_level_of_an_award_follows_its_clock_hours(hours: int | None, level: str | None) -> None:
    assert pesc.award_level(hours) == level
    root = of(program={**CONTENT["program"], "clock_hours": hours})
    assert texts(root, ".//AcademicAwardLevel") == ([level] if level else [])


def test_who_has_not_graduated_has_no_award() -> None:
    left = {
        **CONTENT["enrollment"],
        "status": "Withdrawn",
        "completed_on": None,
        "withdrawn_on": "2026-04-01",
    }
    root = of(enrollment=left, gpa=None)
    assert texts(root, ".//AcademicAward") == texts(root, ".//GradePointAverage") == []
    assert texts(root, ".//ExitDate") == ["2026-04-01"]


def test_hours_are_earned_by_passing_and_only_those_of_one_class_are_a_courses_own() -> None:
    """Core Main: CourseCreditEarned is what is earned “by the successful completion of a course”."""
    failed = {**CONTENT["courses"][0], "grade": "F", "points": "0", "passed": False}
    retake = {**CONTENT["courses"][0], "code": "DA-101-R"}
    going_on = {"code": "DA-101-R", "title": "Anatomy", "module": "Anatomy"}

    def hours(classes: int) -> dict[str, Any]:
        modules = [{"title": "Anatomy", "minutes": 2430, "classes": classes}]
        return {**CONTENT["hours"], "modules": modules}

    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({"courses": [failed], "hours": hours(1)}, []),
        ({"courses": [failed], "in_progress": [going_on], "hours": hours(2)}, []),
        ({"courses": [retake], "in_progress": [going_on], "hours": hours(1)}, []),
        ({"courses": [failed, retake], "hours": hours(2)}, []),
        # A class of the same module that has ended and has no grade yet.
        ({"courses": [retake], "hours": hours(2)}, []),
        ({"courses": [retake], "hours": hours(1)}, ["40.50"]),
    ]
    for changes, expected in cases:
        root = of(**{"externships": [], "in_progress": [], **changes})
        assert texts(root, ".//CourseCreditEarned") == expected, changes
        # Nothing is lost.
        assert "Clock hours in Anatomy: 40.50." in texts(root, "Student/AcademicRecord/NoteMessage")


def test_a_transcript_that_replaces_another_says_so() -> None:
    assert texts(of(), "TransmissionData/TransmissionType") == ["Original"]
    root = of(replaces="TR-2025-000007")
    assert texts(root, "TransmissionData/TransmissionType") == ["Replace"]
    assert "It replaces transcript TR-2025-000007." in texts(root, "NoteMessage")
