"""The lists of classes and of a class's students, described."""

from typing import Any

from app.web.reports import Column, Filter, Kind, Report

CLASSES_REPORT = Report[Any](
    name="classes",
    title="Classes",
    columns=(
        Column("code", "Code", lambda row: row.code, sort="code", link=lambda row: f"/classes/{row.id}"),
        Column("name", "Class", lambda row: row.name, sort="name"),
        Column("program", "Program", lambda row: row.program, sort="program", on_page=False),
        Column("module", "Module", lambda row: row.module, on_page=False),
        Column("instructors", "Instructors", lambda row: row.instructors),
        Column("room", "Room", lambda row: row.room, sort="room"),
        Column("starts_on", "First day", lambda row: row.starts_on, Kind.DAY, sort="starts"),
        Column("ends_on", "Last day", lambda row: row.ends_on, Kind.DAY, sort="ends"),
        Column("students", "Students", lambda row: row.students, Kind.NUMBER, sort="students"),
        Column("capacity", "Seats", lambda row: row.capacity, Kind.NUMBER, on_page=False),
    ),
    search="Search by class, program, room or instructor",
    filters=(
        Filter("program_id", "Program"),
        Filter("term", "Term", [("current", "Current and upcoming")], "Any term"),
    ),
    names_people=False,
)
ROSTER_REPORT = Report[Any](
    name="roster",
    title="Students",
    columns=(
        Column(
            "full_name",
            "Student",
            lambda row: row.full_name,
            sort="student",
            link=lambda row: f"/people/{row.user_id}",
        ),
        Column("email", "Email", lambda row: row.email, sort="email"),
        Column("progress_pct", "Progress", lambda row: row.progress_pct or 0, Kind.PERCENT, sort="progress"),
        Column("starts_on", "Joined the class", lambda row: row.starts_on, Kind.DAY, sort="from"),
        Column("ends_on", "Until", lambda row: row.ends_on, Kind.DAY, on_page=False),
    ),
    search="Search by name or email",
)
