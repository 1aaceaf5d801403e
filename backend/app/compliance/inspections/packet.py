"""A packet under way: each student's complete file in a folder, an index to open in a browser, checksums."""

import io
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

from sqlalchemy.orm import Session

from app.compliance.inspections import policy, queries
from app.compliance.inspections.service import KEPT, ROOM
from app.compliance.privacy import service as privacy
from app.compliance.privacy.schemas import DisclosureFields
from app.core import clock, history
from app.core.actions import Action
from app.core.errors import Problem
from app.core.files import FileStore, StoredFile, claims
from app.core.files.claims import Retention
from app.core.offline_pages import Cell, Link, OfflinePage, slug
from app.core.permissions import SYSTEM, Actor, internal
from app.core.zip_archive import ZipArchive
from app.db.models import InspectionPacket
from app.db.session import Database
from app.documents import service as documents
from app.rules.inspections import RULE, draw, ranking
from app.school import service as school
from app.settings import Settings
from app.web.imports.description import actor_of
from app.web.reports.files import csv_chunks

PURPOSE = "State inspection"
_OTHERS = (
    "The students of this packet are not those that the seed draws from the recorded numbers. Nobody’s file was given "
    "out. Start a new inspection, and report this to the operator."
)
_DELETED = "account deleted"
_LEFT_OUT = (
    "complaints about {name}, who had it prepared, if there are any, and notes that their duties do not open. If the "
    "inspector wants those too, somebody else prepares a packet of the same students"
)
_README = """\
Complete student files, prepared for an inspection.

index.html   the students, with links to everything (open it in a browser; it needs no network)
index.pdf    the same list, signed by the school
index.csv    the same list as a spreadsheet
draw.csv     of a random draw: every student who could have been drawn (DRAW.txt says how to repeat it)
students/    one folder for each student: index.html shows the whole file, files/ has every stored paper as it was
             received, data/ every list as CSV and JSON, manifest.json.sig the school's signature
SHA256SUMS   the SHA-256 of every file; verify them all with: sha256sum -c SHA256SUMS
"""
_REPEAT = """\
How the {count} students were drawn from {among}, and how to repeat it.

The seed is {seed}. For each student the SHA-256 of "seed:student number" is computed; the {count} smallest are drawn.
draw.csv has every student number that could have been drawn, its SHA-256, and its rank.

One number by hand, 1234 as an example:

  printf '%s' '{seed}:1234' | sha256sum

All of them, in any shell (the numbers are the second column of draw.csv). It prints those that are drawn, in order:

  tail -n +2 draw.csv | cut -d, -f2 | while read -r number; do
    printf '%s %s\\n' "$(printf '%s' "{seed}:$number" | sha256sum | cut -c1-64)" "$number"
  done | LC_ALL=C sort | head -n {count} | cut -d' ' -f2

Compare them with the rows of draw.csv where "drawn" is yes, with the folders in students/, and with the authority's own
list of the school's students: draw.csv must have all of them, also those whose accounts are deleted.
"""
_HEADS = ("Student", "Number", "Programs", "Chosen", "Files", "SHA-256 of the manifest")


@dataclass(frozen=True, slots=True)
class _Job:
    inspection: InspectionPacket
    students: Sequence[Any]
    actor: Actor
    made_at: datetime
    programs: dict[int, list[str]]


@internal("the worker’s part of what a person was allowed to ask for")
def work(database: Database, files: FileStore, settings: Settings, inspection_id: int) -> None:
    """Make a packet, from the beginning if a killed worker left it."""
    job = _begin(database, settings, inspection_id)
    if job is None:
        return
    try:
        with tempfile.TemporaryFile() as target:
            made = _write(database, files, settings, job, target)
            target.seek(0)
            stored = files.put(target)
        with database.begin() as session:
            _finish(session, job, made, stored)
    except Problem as problem:
        _give_up(database, job, problem.detail)
    except Exception as error:
        _give_up(database, job, f"The system failed ({type(error).__name__}). Prepare the packet again.")
        raise


def _begin(database: Database, settings: Settings, inspection_id: int) -> _Job | None:
    with database.begin() as session:
        row = queries.find(session, inspection_id, lock=True)
        if row is None or row.finished_at is not None:
            return None
        actor = SYSTEM if row.asked_by is None else actor_of(session, settings, row.asked_by)
        if actor is None or not policy.may_run(actor):
            _end(
                session, SYSTEM, row, "The person who asked for this packet may no longer have one prepared."
            )
            return None
        queries.begin_again(session, inspection_id)
        students = queries.of(session, inspection_id)
        if row.seed is not None and row.candidates is not None:
            by_chance = [one.student_id for one in students if one.drawn]
            if draw(row.seed, row.candidates, len(by_chance)) != by_chance:
                _end(session, actor, row, _OTHERS)
                return None
        programs: dict[int, list[str]] = {}
        for one in queries.enrollments(session, [student.student_id for student in students]):
            said = f"{one.program}: {one.status.value}, enrolled {one.enrolled_at}"
            programs.setdefault(one.user_id, []).append(said)
        for student in students:
            if student.deleted_at is not None:
                programs.setdefault(student.student_id, []).append(_DELETED)
        made_at = clock.now().astimezone(school.facts(session).zone)
        session.expunge(row)
        return _Job(row, students, actor, made_at, programs)


def _write(
    database: Database, files: FileStore, settings: Settings, job: _Job, target: BinaryIO
) -> list[int]:
    """Write the packet; the students whose files are in it."""
    made_by = f"{job.actor.full_name} for {job.inspection.inspector}, {job.inspection.agency}"
    rows: list[tuple[Any, str, privacy.Written]] = []
    with ZipArchive(target, job.made_at) as archive:
        for one in job.students:
            folder = f"students/{one.place:02}-{slug(one.full_name)}-{one.student_id}"
            # All lists of a file are of one moment, and no note is in it that its reader may not read.
            with database.snapshot() as session:
                written = privacy.write_into(
                    session,
                    archive.folder(folder),
                    files,
                    settings,
                    one.student_id,
                    made_by,
                    job.made_at,
                    reader=job.actor,
                )
            with database.begin() as session:
                queries.note(session, job.inspection.id, one.student_id, clock.now(), written.files)
            rows.append((one, folder, written))
        with database.begin() as session:
            _index(session, settings, archive, job, rows)
        if job.inspection.seed is not None and job.inspection.candidates is not None:
            _draw(
                archive,
                job.inspection.seed,
                job.inspection.candidates,
                sum(one.drawn for one in job.students),
            )
        archive.add("README.txt", _README.encode())
        archive.add_sums()
    return [one.student_id for one, _folder, _written in rows]


def _draw(archive: ZipArchive, seed: str, candidates: Sequence[int], count: int) -> None:
    """Every student who could have been drawn, and how anybody repeats the draw."""
    sheet = io.BytesIO()
    rows = (
        [place, number, digest, place <= count, seed, RULE]
        for place, (number, digest) in enumerate(ranking(seed, candidates), start=1)
    )
    for chunk in csv_chunks(["rank", "student_number", "sha256", "drawn", "seed", "rule"], rows):
        sheet.write(chunk)
    archive.add("draw.csv", sheet.getvalue())
    archive.add("DRAW.txt", _REPEAT.format(seed=seed, count=count, among=f"{len(candidates):,}").encode())


def _index(
    session: Session,
    settings: Settings,
    archive: ZipArchive,
    job: _Job,
    rows: Sequence[tuple[Any, str, privacy.Written]],
) -> None:
    row = job.inspection
    legal_name = school.facts(session).legal_name
    facts = [
        ("School", legal_name),
        ("Inspector", f"{row.inspector}, {row.agency}"),
        ("Prepared", f"{job.made_at.isoformat(timespec='seconds')} by {job.actor.full_name}"),
    ]
    if job.actor is not SYSTEM:
        facts.append(("Not in this packet", _LEFT_OUT.format(name=job.actor.full_name)))
    if row.reference:
        facts.append(("Reference", row.reference))
    if row.seed:
        among = (
            f"from {row.drawn_from:,} students ({row.drawn_among}), those with deleted accounts among them"
        )
        facts.append(("Random draw", f"seed {row.seed}, {among}"))
        facts.append(
            ("How to repeat it", "DRAW.txt and draw.csv in this packet say how, with sha256sum alone")
        )
    cells = [
        [
            one.full_name,
            str(one.student_id),
            "; ".join(job.programs.get(one.student_id, [])),
            "at random" if one.drawn else "by the inspector",
            str(written.files),
            written.manifest_sha256,
        ]
        for one, _folder, written in rows
    ]
    title = "Complete student files for inspection"
    with OfflinePage(title, facts) as page:
        page.links([Link("Signed list (PDF)", "index.pdf"), Link("Spreadsheet (CSV)", "index.csv")])
        page.table("Students", [*_HEADS[:5], "Open"], _linked(rows, cells), search="Search by name or number")
        archive.add_file("index.html", page.finish())
    key = documents.signing_key(session, settings)
    pdf = documents.signed_list(
        settings,
        key,
        title=title,
        about=facts,
        headers=_HEADS,
        rows=cells,
        made_on=job.made_at.date(),
        school=legal_name,
    )
    archive.add("index.pdf", pdf, packed=False)
    sheet = io.BytesIO()
    for chunk in csv_chunks(
        [*_HEADS, "Folder"], [[*line, row[1]] for line, row in zip(cells, rows, strict=True)]
    ):
        sheet.write(chunk)
    archive.add("index.csv", sheet.getvalue())


def _linked(
    rows: Sequence[tuple[Any, str, privacy.Written]], cells: Sequence[Sequence[str]]
) -> Iterable[Sequence[Cell]]:
    for (one, folder, _written), line in zip(rows, cells, strict=True):
        yield [
            Link(one.full_name, f"{folder}/index.html"),
            *line[1:5],
            [Link("Whole file", f"{folder}/index.html"), Link("Signed index", f"{folder}/index.pdf")],
        ]


def _finish(session: Session, job: _Job, students: Sequence[int], stored: StoredFile) -> None:
    """The packet can be downloaded from the moment on in which each of its students' logs says so."""
    row = queries.find(session, job.inspection.id, lock=True)
    if row is None or row.finished_at is not None:
        return
    if not students:
        _end(session, job.actor, row, "None of these students has an account anymore.")
        return
    given = privacy.record_given(
        session,
        job.actor,
        students,
        DisclosureFields(
            made_on=job.made_at.date(),
            recipient=f"{row.inspector}, {row.agency}"[:255],
            interest=f"{PURPOSE}" + (f": {row.reference}" if row.reference else ""),
            records="The complete student file, with every stored paper",
            basis="authorities",
        ),
    )
    row.finished_at = clock.now()
    row.packet_sha256, row.packet_bytes = stored.sha256, stored.size
    row.expires_at = row.finished_at + KEPT
    row.disclosure_id = given.id
    session.flush()
    claims.claim(
        session,
        stored,
        room=ROOM,
        row=row.id,
        retention=Retention.TEMPORARY,
        media_type="application/zip",
    )
    files = {one.student_id: one.files for one in queries.of(session, row.id)}
    history.record_all(
        session,
        job.actor,
        Action.STUDENT_FILE_EXPORTED,
        [
            {
                "target_id": number,
                "student_id": number,
                "reason": f"{PURPOSE}: {row.inspector}, {row.agency}",
                "sha256": stored.sha256,
                "files": files[number],
            }
            for number in students
        ],
    )
    history.record(
        session,
        job.actor,
        Action.INSPECTION_PREPARED,
        row.id,
        inspector=row.inspector,
        agency=row.agency,
        students=len(students),
        sha256=stored.sha256,
    )


def _give_up(database: Database, job: _Job, problem: str) -> None:
    with database.begin() as session:
        row = queries.find(session, job.inspection.id, lock=True)
        if row is not None and row.finished_at is None:
            _end(session, job.actor, row, problem)


def _end(session: Session, actor: Actor, row: InspectionPacket, problem: str) -> None:
    row.finished_at, row.problem = clock.now(), problem
    session.flush()
    history.record(session, actor, Action.INSPECTION_FAILED, row.id, reason=problem)
