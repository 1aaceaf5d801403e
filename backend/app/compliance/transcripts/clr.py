"""The transcript for computers: the shape of a Comprehensive Learner Record 2.0 (1EdTech), unsigned.

The PDF that carries it is signed and certified, so the record is covered by that signature. Whoever reads it needs no
account with us: program and courses are achievements, grades and the GPA are results, and what belongs to what stands
in the associations.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

from app.compliance.transcripts.content import statements
from app.rules.hours import start_of_day

CONTEXTS = (
    "https://www.w3.org/ns/credentials/v2",
    "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
)
BADGE_CONTEXTS = (CONTEXTS[0], CONTEXTS[2])
"""Those of one achievement that is signed by itself."""
_ASSERTION = ["VerifiableCredential", "OpenBadgeCredential"]
Json = dict[str, Any]


def record(content: Mapping[str, Any], number: str, issued_on: date) -> Json:
    """The record of one transcript. The same content gives the same record."""
    zone = ZoneInfo(content["school"]["zone"])
    issued = _moment(start_of_day(issued_on, zone))
    issuer = _issuer(content)
    program = _program(content, number, issuer, issued)
    courses = [_course(content, number, issuer, issued, place) for place in range(len(content["courses"]))]
    return {
        "@context": list(CONTEXTS),
        "id": _urn(content, number, "record"),
        "type": ["VerifiableCredential", "ClrCredential"],
        "name": f"Transcript {number}",
        "description": _described(content, number),
        "issuer": issuer,
        "validFrom": issued,
        "credentialSubject": {
            "type": ["ClrSubject"],
            "identifier": _identifiers(content),
            "verifiableCredential": [program, *courses],
            "association": [
                {
                    "type": "Association",
                    "associationType": "isParentOf",
                    "sourceId": program["id"],
                    "targetId": one["id"],
                }
                for one in courses
            ],
        },
    }


def _described(content: Mapping[str, Any], number: str) -> str:
    """With the student's statements: they go wherever the record goes (34 CFR 99.21)."""
    described = f"Official transcript of {content['school']['legal_name']}, number {number}"
    for one in statements(content):
        described += f". The student’s statement about {one['record']}: “{one['statement']}”"
    return described


def _issuer(content: Mapping[str, Any]) -> Json:
    school = content["school"]
    return {
        "id": content["verify_at"].removesuffix("/verify/transcript"),
        "type": ["Profile"],
        "name": school["legal_name"],
        **(
            {"address": {"type": ["Address"], "streetAddress": ", ".join(school["address"])}}
            if school["address"]
            else {}
        ),
    }


def _identifiers(content: Mapping[str, Any]) -> list[Json]:
    student = content["student"]
    return [
        {"type": "IdentityObject", "identityType": "name", "hashed": False, "identityHash": student["name"]},
        {
            "type": "IdentityObject",
            "identityType": "sourcedId",
            "hashed": False,
            "identityHash": str(student["number"]),
        },
    ]


def _program(content: Mapping[str, Any], number: str, issuer: Json, issued: str) -> Json:
    program, enrollment, hours = content["program"], content["enrollment"], content["hours"]
    results = [("Enrollment status", "Status", enrollment["status"])]
    if content["gpa"] is not None:
        results.append(("Grade point average", "GradePointAverage", content["gpa"]))
    results.append(("Clock hours attended, in minutes", "Result", str(hours["total_minutes"])))
    if hours["transferred_minutes"]:
        results.append(("Clock hours transferred, in minutes", "Result", str(hours["transferred_minutes"])))
    results += [
        (f"Clock hours in {one['title']}, in minutes", "Result", str(one["minutes"]))
        for one in hours["modules"]
    ]
    results += [
        (f"Externship hours at {one['site']}", "Result", str(one["hours"])) for one in content["externships"]
    ]
    return _assertion(
        content,
        number,
        "program",
        issuer,
        issued,
        {
            "achievementType": "Program",
            "name": program["name"],
            "description": program["name"],
            "criteria": {"narrative": _required(program)},
        },
        results,
        activityStartDate=_day(enrollment["enrolled_on"]),
        activityEndDate=_day(enrollment["completed_on"] or enrollment["withdrawn_on"]),
    )


def _required(program: Mapping[str, Any]) -> str:
    hours = f"{program['clock_hours']} clock hours. " if program["clock_hours"] else ""
    return f"{hours}As the school’s catalog says."


def _course(content: Mapping[str, Any], number: str, issuer: Json, issued: str, place: int) -> Json:
    course = content["courses"][place]
    return _assertion(
        content,
        number,
        f"course {place}",
        issuer,
        issued,
        {
            "achievementType": "Course",
            "humanCode": course["code"],
            "name": course["title"],
            "description": course["module"] or course["title"],
            "criteria": {"narrative": "Graded by the school’s grading scheme."},
        },
        [("Final grade", "LetterGrade", course["grade"])],
        activityEndDate=_day(course["graded_on"]),
    )


def _assertion(
    content: Mapping[str, Any],
    number: str,
    what: str,
    issuer: Json,
    issued: str,
    achievement: Json,
    results: list[tuple[str, str, str]],
    **days: str | None,
) -> Json:
    described = [
        {
            "id": _urn(content, number, f"{what} result {place}"),
            "type": ["ResultDescription"],
            "name": name,
            "resultType": kind,
        }
        for place, (name, kind, _value) in enumerate(results)
    ]
    return {
        "@context": list(CONTEXTS),
        "id": _urn(content, number, what),
        "type": _ASSERTION,
        "name": achievement["name"],
        "issuer": issuer,
        "validFrom": issued,
        "credentialSubject": {
            "type": ["AchievementSubject"],
            "identifier": _identifiers(content)[:1],
            **{name: day for name, day in days.items() if day is not None},
            "achievement": {
                "id": _urn(content, number, f"{what} achievement"),
                "type": ["Achievement"],
                **achievement,
                "resultDescription": described,
            },
            "result": [
                {"type": ["Result"], "resultDescription": described[place]["id"], "value": value}
                for place, (_name, _kind, value) in enumerate(results)
            ],
        },
    }


def _urn(content: Mapping[str, Any], number: str, what: str) -> str:
    return uuid5(NAMESPACE_URL, f"{content['verify_at']}#{number} {what}").urn


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _day(text: str | None) -> str | None:
    return None if text is None else f"{text}T00:00:00Z"
