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
    "format": 1,
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
            "points": "4", "weight": "1", "left_out": False,
        },
        {
            "code": "DA-102-A-LONG-CODE", "title": "Radiography " * 6, "module": "Radiography",
            "graded_on": "2026-04-02", "grade": "Pass with honors", "points": None, "weight": "1", "left_out": True,
        },
        {
            "code": "DA-103", "title": "Radiography lab", "module": "Radiography", "graded_on": "2026-04-02",
            "grade": "B", "points": "3", "weight": "1", "left_out": False,
        },
    ],
    "in_progress": [{"code": "DA-104", "title": "Chairside"}],
    "gpa": "3.50",
    "scale": [],
    "outside_gpa": [],
    "credits_earned": None,
    "hours": {
        "total_minutes": 28801,
        "transferred_minutes": 90,
        "modules": [{"title": "Anatomy", "minutes": 2430}, {"title": "Radiography", "minutes": 600}],
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
    root = of(student={"number": 41, "name": name}, in_progress=[{"code": "X" * 40, "title": title}])
    limits = {
        "CompositeName": 45, "OrganizationName": 60, "AcademicProgramName": 60, "CourseTitle": 60, "CourseNumber": 15,
        "OriginalCourseID": 30, "CourseAcademicGrade": 10, "NoteMessage": 80, "DocumentID": 35,
    }  # fmt: skip
    for tag, longest in limits.items():
        assert all(1 <= len(one.text or "") <= longest for one in root.iter(tag)), tag
    assert "".join(str(one) for one in texts(root, ".//Name/NoteMessage")) == name
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
