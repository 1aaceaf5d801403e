"""Documents of every kind that a room has registered, made by the system itself in a school of its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

# Every room registers its kinds.
import app.main  # noqa: F401
from app.core import clock
from app.core.files import FileStore, open_store
from app.core.permissions import SYSTEM
from app.db.models import IssuedDocument
from app.db.session import Database
from app.demo import issue_samples, seed_demo_school
from app.demo.agreements import write_agreements
from app.demo.grades import write_reviews
from app.demo.transcripts import write_transcripts
from app.documents import kinds, parties
from app.documents.issue import Draft, issue, preview
from app.documents.keys import service as keys
from app.documents.kinds import DocumentKind
from app.documents.signing import PARTIES
from app.documents.verification import inspect
from app.ops import migrations, roles
from app.ops.postgres import EmbeddedServer
from app.school import service as schools
from app.settings import Settings
from tests.core.authority import running

STUDENTS = 20


@dataclass(frozen=True, slots=True)
class Document:
    """A file, with the title of its kind and how it came about."""

    kind: str
    how: str
    path: Path


class _Maker:
    def __init__(self, database: Database, settings: Settings, folder: Path) -> None:
        self._database, self._settings, self._folder = database, settings, folder
        self._files: FileStore = open_store(settings)
        self._made = 0
        with database.begin() as session:
            self._letterhead = schools.letterhead(session, self._files)
            self._student = session.scalars(
                sa.select(IssuedDocument.student_id).order_by(IssuedDocument.id).limit(1)
            ).one()

    def every(self, stamping: Settings) -> Iterator[Document]:
        """Of each kind: a preview, all that the demo school issued, and one with a time stamp."""
        with self._database.begin() as session:
            issued = [
                (kinds.title(kind), sha256)
                for kind, sha256 in session.execute(
                    sa.select(IssuedDocument.kind, IssuedDocument.sha256)
                    .where(IssuedDocument.sha256.is_not(None))
                    .order_by(IssuedDocument.id)
                )
            ]
        for title, sha256 in issued:
            yield self._kept(title, "issued in the demo school", self._files.read_bytes(sha256))
        for kind in kinds.every():
            draft = self._draft(kind)
            yield self._kept(kind.title, "preview, not signed", preview(self._settings, draft))
            if kind.waits:
                yield from self._signed_by_parties(kind, draft, stamping)
                continue
            for how, settings in (("signed", self._settings), ("signed and stamped", stamping)):
                row = issue(
                    self._database, SYSTEM, self._files, settings, partial(_given, draft), request=uuid4()
                )
                pdf = self._files.read_bytes(row.sha256 or "")
                findings = inspect(pdf, (), at=clock.now()).findings
                _require_stamp(
                    settings is not stamping or any(one.question == "Time stamp" for one in findings)
                )
                yield self._kept(kind.title, how, pdf)

    def _signed_by_parties(self, kind: DocumentKind, draft: Draft, stamping: Settings) -> Iterator[Document]:
        with self._database.begin() as session:
            key = keys.signing_key(session, self._settings)
        today = clock.today(self._letterhead.zone)
        for settings, how in ((self._settings, "signed"), (stamping, "signed and stamped")):
            for fields in PARTIES:
                number = kinds.number(kind.name, today.year, 900)
                pdf, _ = parties.presented(settings, draft, number, today, fields)
                yield self._kept(kind.title, f"to be signed by {len(fields)}", pdf)
                for place, field in enumerate(fields, 1):
                    made = parties.sign(
                        settings,
                        pdf,
                        key,
                        field=field,
                        fields=fields,
                        name=field,
                        reason="Agreed",
                        place="192.0.2.1",
                    )
                    pdf = made.pdf
                    _require_stamp(settings is not stamping or made.stamped is not None)
                    yield self._kept(kind.title, f"{how} by {place} of {len(fields)}", pdf)

    def _draft(self, kind: DocumentKind) -> Draft:
        facts = {"kind": kind.title}
        return Draft(kind.name, self._student, None, self._letterhead, kind.sample, facts)

    def _kept(self, title: str, how: str, pdf: bytes) -> Document:
        self._made += 1
        path = self._folder / f"{self._made:03}.pdf"
        path.write_bytes(pdf)
        return Document(title, how, path)


def _given(draft: Draft, _session: Session) -> Draft:
    return draft


def _require_stamp(there: bool) -> None:
    """A document is issued without a time stamp, too, where the authority fails: here that is none of its kind."""
    if not there:
        raise RuntimeError("a document was to be stamped, and has no time stamp")


def make(folder: Path) -> list[Document]:
    """The documents, as files in the folder, in a school that is gone afterwards."""
    (folder / "documents").mkdir()
    (folder / "authority").mkdir()
    with (
        EmbeddedServer(folder / "postgres", durable=False) as server,
        running(folder / "authority") as authority,
    ):
        server.ensure_database("validated")
        settings = Settings(
            _env_file=None,
            environment="test",
            secret_key="a key for files that are thrown away",
            aada_app_password="a password that is thrown away",
            database_url=server.url("validated"),
            data_dir=folder,
        )
        migrations.upgrade(settings)
        roles.set_app_password(settings)
        database = Database(settings)
        try:
            seed_demo_school(database, settings, students=STUDENTS)
            write_reviews(database, settings)
            issue_samples(database, settings)
            write_transcripts(database, settings)
            write_agreements(database, settings)
            stamping = settings.model_copy(
                update={"timestamp_url": authority.url, "timestamp_roots": authority.roots}
            )
            found = list(_Maker(database, settings, folder / "documents").every(stamping))
        finally:
            database.close()
    missing = {kind.title for kind in kinds.every()} - {one.kind for one in found}
    if missing:
        raise RuntimeError(f"no document was made of: {', '.join(sorted(missing))}")
    return found
