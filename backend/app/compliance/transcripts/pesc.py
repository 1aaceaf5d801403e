"""The transcript as a PESC College Transcript 1.4.0, the XML that registrars' systems exchange in the United States.

The order of the elements is the schema's, and only the root has a prefix (`elementFormDefault` is unqualified). Its
texts have an end (60 characters of a title): what is longer is cut there and stands whole in a note, in parts of 80.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring
from zoneinfo import ZoneInfo

from app.compliance.transcripts.content import STATUS, statements
from app.db.models import EnrollmentStatus
from app.rules.hours import start_of_day

NAMESPACE = "urn:org:pesc:message:CollegeTranscript:v1.4.0"
UNIT = "ClockHours"
_NAME, _COMPOSITE, _NUMBER, _CODE, _GRADE, _AWARD, _NOTE = 60, 45, 15, 30, 10, 400, 80
# Award levels of the code list: a certificate or diploma by its clock hours.
_LEVELS = ((900, "1"), (1800, "2"))
_LONGEST_LEVEL = "4"
_SCALE = ("0", "4")
# Core Main: “Last, First Middle order, comma after last name”. What is the last name, nobody was asked.
_ORDER = "The name is in the order in which it is printed, not Last, First Middle."
register_namespace("ColTrn", NAMESPACE)


def record(content: Mapping[str, Any], number: str, issued_on: date) -> str:
    """The XML of one transcript, on one line, of a content since format 2. The same content gives the same text."""
    root = Element(f"{{{NAMESPACE}}}CollegeTranscript")
    _transmission(SubElement(root, "TransmissionData"), content, number, issued_on)
    student = SubElement(root, "Student")
    person = SubElement(student, "Person")
    _text(person, "SchoolAssignedPersonID", str(content["student"]["number"]))
    name = SubElement(person, "Name")
    _cut(name, "CompositeName", content["student"]["name"], _COMPOSITE)
    _note(name, _ORDER)
    _academic_record(SubElement(student, "AcademicRecord"), content)
    if content["replaces"]:
        _note(root, f"It replaces transcript {content['replaces']}.")
    # They go wherever the record goes (34 CFR 99.21).
    for one in statements(content):
        _note(root, f"The student’s statement about {one['record']}: “{one['statement']}”")
    return '<?xml version="1.0" encoding="UTF-8"?>' + tostring(root, encoding="unicode")


def award_level(clock_hours: int | None) -> str | None:
    """The code of a certificate's or diploma's level, by the clock hours of its program; None without hours."""
    if not clock_hours:
        return None
    return next((code for below, code in _LEVELS if clock_hours < below), _LONGEST_LEVEL)


def _transmission(into: Element, content: Mapping[str, Any], number: str, issued_on: date) -> None:
    moment = start_of_day(issued_on, ZoneInfo(content["school"]["zone"]))
    _text(into, "DocumentID", number)
    _text(into, "CreatedDateTime", f"{moment:%Y-%m-%dT%H:%M:%SZ}")
    _text(into, "DocumentTypeCode", "StudentRequest")
    _text(into, "TransmissionType", "Replace" if content["replaces"] else "Original")
    source = SubElement(SubElement(into, "Source"), "Organization")
    _text(source, "OrganizationName", content["school"]["legal_name"][:_NAME])
    # The student gives it to whom they choose.
    SubElement(SubElement(into, "Destination"), "Organization")
    _text(into, "DocumentOfficialCode", "Official")
    _text(into, "DocumentCompleteCode", "Complete")


def _academic_record(into: Element, content: Mapping[str, Any]) -> None:
    program, enrollment, hours = content["program"], content["enrollment"], content["hours"]
    school = SubElement(into, "School")
    _cut(school, "OrganizationName", content["school"]["legal_name"], _NAME)
    _text(SubElement(into, "StudentLevel"), "StudentLevelCode", "Postsecondary")
    if enrollment["status"] == STATUS[EnrollmentStatus.COMPLETED]:
        award = SubElement(into, "AcademicAward")
        _text(award, "AcademicAwardLevel", award_level(program["clock_hours"]))
        _text(award, "AcademicAwardDate", enrollment["completed_on"])
        _text(award, "AcademicAwardTitle", program["name"][:_AWARD])
        _text(award, "AcademicCompletionIndicator", "true")
        _text(award, "AcademicCompletionDate", enrollment["completed_on"])
    _summary(into, content)
    if hours["transferred_minutes"]:
        transferred = SubElement(into, "AcademicSummary")
        _text(transferred, "AcademicSummaryType", "TransferOnly")
        gpa = SubElement(transferred, "GPA")
        _text(gpa, "CreditHoursEarned", _hours(hours["transferred_minutes"]))
        _text(gpa, "CreditUnit", UNIT)
    earned = _by_module(content)
    for one in content["courses"]:
        # Credit is earned by passing; the hours of a course that was not passed stand in the module's note.
        _course(into, one, earned.get(one["module"]) if one["passed"] else None)
    for one in content["in_progress"]:
        course = _begun(into, None)
        _named(course, one["code"], one["title"], ["In progress."])
    for one in content["externships"]:
        course = _begun(into, str(one["hours"]))
        day = one["verified_on"]
        _named(course, "", f"Externship: {one['site']}", [f"Verified on {day}."] if day else [])
    _note(into, f"Status: {enrollment['status']}.")
    for one in hours["modules"]:
        _note(into, f"Clock hours in {one['title']}: {_hours(one['minutes'])}.")


def _summary(into: Element, content: Mapping[str, Any]) -> None:
    program, enrollment = content["program"], content["enrollment"]
    summary = SubElement(into, "AcademicSummary")
    _text(summary, "AcademicSummaryType", "SenderOnly")
    gpa = SubElement(summary, "GPA")
    _text(gpa, "CreditHoursEarned", _hours(content["hours"]["total_minutes"]))
    _text(gpa, "CreditHoursRequired", str(program["clock_hours"]) if program["clock_hours"] else None)
    _text(gpa, "CreditUnit", UNIT)
    if content["gpa"] is not None:
        _text(gpa, "GradePointAverage", content["gpa"])
        _text(gpa, "GPARangeMinimum", _SCALE[0])
        _text(gpa, "GPARangeMaximum", _SCALE[1])
    studied = SubElement(summary, "AcademicProgram")
    _text(studied, "AcademicProgramType", "Major")
    _cut(studied, "AcademicProgramName", program["name"], _NAME)
    _text(summary, "EntryDate", enrollment["enrolled_on"])
    _text(summary, "ExitDate", enrollment["completed_on"] or enrollment["withdrawn_on"])


def _by_module(content: Mapping[str, Any]) -> dict[str, str]:
    """The hours of each module that belongs to one course alone: of more nobody can say which had how many.

    A class counts whether it has a grade or not: a repeat that is in progress has hours of the same module.
    """
    taught = Counter(one["module"] for one in (*content["courses"], *content["in_progress"]))
    modules = content["hours"]["modules"]
    titles = Counter(one["title"] for one in modules)
    return {
        one["title"]: _hours(one["minutes"])
        for one in modules
        if taught[one["title"]] == titles[one["title"]] == one["classes"] == 1
    }


def _begun(into: Element, earned: str | None) -> Element:
    course = SubElement(into, "Course")
    _text(course, "CourseCreditBasis", "Regular")
    _text(course, "CourseCreditUnits", UNIT)
    _text(course, "CourseCreditEarned", earned)
    return course


def _course(into: Element, one: Mapping[str, Any], earned: str | None) -> None:
    course = _begun(into, earned)
    grade = one["grade"]
    _text(course, "CourseAcademicGrade", grade[:_GRADE])
    counts = one["points"] is not None and not one["left_out"]
    _text(course, "CourseGPAApplicabilityCode", "Applicable" if counts else "NotApplicable")
    notes = [f"Graded on {one['graded_on']}."]
    if len(grade) > _GRADE:
        notes.append(f"Grade: {grade}")
    _named(course, one["code"], one["title"], notes)


def _named(course: Element, code: str, title: str, notes: Iterable[str]) -> None:
    _text(course, "CourseNumber", code if len(code) <= _NUMBER else None)
    _text(course, "OriginalCourseID", code[:_CODE] if len(code) > _NUMBER else None)
    _cut(course, "CourseTitle", title, _NAME)
    for note in notes:
        _note(course, note)


def _cut(into: Element, tag: str, text: str, longest: int) -> None:
    _text(into, tag, text[:longest])
    if len(text) > longest:
        _note(into, text)


def _note(into: Element, text: str) -> None:
    for part in re.findall(f".{{1,{_NOTE}}}", text, re.DOTALL):
        _text(into, "NoteMessage", part)


def _text(into: Element, tag: str, text: str | None) -> None:
    """Nothing where there is nothing to say: an empty element breaks the schema."""
    if text:
        SubElement(into, tag).text = text


def _hours(minutes: int) -> str:
    return f"{Decimal(minutes) / 60:.2f}"
