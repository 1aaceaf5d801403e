"""The transcript for people: what the layout `transcript.typ` draws, made of the content alone."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from app.compliance.transcripts import codes, pesc
from app.compliance.transcripts.content import statements
from app.documents import service as documents
from app.rules.days import long_date
from app.web import formats

_UNPRINTED = re.compile(r"[^\x20-\x7e\xa0-\u017f\u1e00-\u1eff\u2010-\u2027€□]")
"""What the fonts may not have. A name with such a sign stops a transcript; a student’s statement must not."""
PESC_SINCE = 2
"""The format of content since which files have PESC XML; one of before is drawn without it, as it was."""
OFFICIAL, UNOFFICIAL = "Official transcript", "Unofficial transcript"
RECORD_COPY = "Record copy"
"""What stands in the closure archive for an enrollment without an issued transcript."""


def facts(
    content: Mapping[str, Any], number: str, issued_on: date, code: str | None, *, title: str = OFFICIAL
) -> dict[str, Any]:
    """What the layout reads. Without a `code` it is a copy or a preview, which cannot be verified."""
    program, enrollment = content["program"], content["enrollment"]
    pairs = [
        ["Student", content["student"]["name"]],
        ["Student number", str(content["student"]["number"])],
        ["Program", program["name"]],
        ["Status", enrollment["status"]],
        ["Enrolled on", _long(enrollment["enrolled_on"])],
    ]
    if enrollment["completed_on"]:
        pairs.append(["Completed on", _long(enrollment["completed_on"])])
    if enrollment["withdrawn_on"]:
        pairs.append(["Withdrew on", _long(enrollment["withdrawn_on"])])
    length = [f"{program['clock_hours']:,} clock hours"] if program["clock_hours"] else []
    length += [f"{program['weeks']} weeks"] if program["weeks"] else []
    length += [f"{program['credits']} credits"] if program["credits"] else []
    if length:
        pairs.append(["Program length", ", ".join(length)])
    if content["credits_earned"]:
        pairs.append(["Credits earned", content["credits_earned"]])
    pairs.append(["Grade point average", content["gpa"] or "No final grade counts yet"])
    pairs.append(["Date of issue", long_date(issued_on)])
    return {
        "title": title,
        "facts": pairs,
        "courses": [_course(one) for one in content["courses"]]
        + [
            {"code": one["code"], "title": one["title"], "day": "", "grade": "In progress", "points": ""}
            for one in content["in_progress"]
        ],
        "hours": _hours(content["hours"]),
        "total_hours": formats.duration_minutes(
            content["hours"]["total_minutes"] + content["hours"]["transferred_minutes"]
        ),
        "externships": [
            [one["site"], f"{one['hours']:,} h", _long(one["verified_on"]) if one["verified_on"] else "Yes"]
            for one in content["externships"]
        ],
        "scale": _scale(content),
        "notes": _notes(content),
        "verify": _verify(content, number, code) if code is not None else None,
        # For systems of other schools; only what is official is exchanged.
        "pesc": pesc.record(content, number, issued_on)
        if code is not None and content["format"] >= PESC_SINCE
        else None,
    }


def _course(one: Mapping[str, Any]) -> dict[str, str]:
    return {
        "code": one["code"],
        "title": one["title"],
        "day": _long(one["graded_on"]),
        "grade": one["grade"] + (" *" if one["left_out"] and one["points"] else ""),
        "points": one["points"] or "",
    }


def _hours(hours: Mapping[str, Any]) -> list[list[str]]:
    rows = [[one["title"], formats.duration_minutes(one["minutes"])] for one in hours["modules"]]
    if hours["other_minutes"] and rows:
        rows.append(["Outside class meetings", formats.duration_minutes(hours["other_minutes"])])
    if hours["transferred_minutes"]:
        rows = rows or [["Attended here", formats.duration_minutes(hours["total_minutes"])]]
        rows.append(
            ["Transferred from another school", formats.duration_minutes(hours["transferred_minutes"])]
        )
    return rows


def _scale(content: Mapping[str, Any]) -> str:
    counted = "; ".join(
        f"{one['letter']} {one['from_percent']}% ({one['points']})" for one in content["scale"]
    )
    outside = "; ".join(f"{one['letter']} {one['meaning'].lower()}" for one in content["outside_gpa"])
    return (
        f"Each letter with the percentage it begins at and its points: {counted}. "
        f"Outside the grade point average: {outside}."
    )


def _notes(content: Mapping[str, Any]) -> list[str]:
    notes = []
    if any(one["left_out"] and one["points"] for one in content["courses"]):
        notes.append("* Not in the grade point average, because another grade for the same course counts.")
    notes.append(
        "Clock hours are the whole minutes from clock-in to clock-out; nothing is rounded up. Hours belong to the "
        "module whose class met at the time."
    )
    for one in statements(content):
        said = f"The student’s statement about {one['record']} (34 CFR 99.21): “{one['statement']}”"
        printed = _UNPRINTED.sub("□", said)
        if printed != said:
            printed += " Signs that cannot be printed are in the record attached to this file."
        notes.append(printed)
    return notes


def _verify(content: Mapping[str, Any], number: str, code: str) -> dict[str, str]:
    address = codes.address(content["verify_at"], number, code)
    return {
        "page": content["verify_at"],
        "code": documents.as_printed(code),
        "address": address,
        "qr": documents.qr_svg(address),
    }


def _long(text: str) -> str:
    return long_date(date.fromisoformat(text))
