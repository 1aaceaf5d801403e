"""SQL of imports."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.core.jobs import has_no_job
from app.core.search import matches
from app.core.turns import take_turn
from app.db.models import DataImport, DataImportMapping, DataImportRecord, User
from app.web.imports.description import Made
from app.web.listing import Listing
from app.web.paging import Paging

_LOCKS = 0x494D504F
SORTABLE = {
    "file": func.lower(DataImport.file_name),
    "kind": DataImport.kind,
    "status": DataImport.status,
    "sent": DataImport.created_at,
}


def listed(session: Session, paging: Paging, kinds: Sequence[str]) -> Listing[Any]:
    """Imports of these kinds with their sender's name, the newest first."""
    statement: Select[Any] = (
        select(DataImport, User.full_name.label("sender"))
        .outerjoin(User, User.id == DataImport.created_by)
        .where(DataImport.kind.in_(kinds), *matches(paging.q, DataImport.file_name, User.full_name))
    )
    order = paging.order(SORTABLE, "-sent")
    return Listing(session, statement.order_by(order, DataImport.id.desc()), paging)


def one(session: Session, import_id: int, *, lock: bool = False) -> DataImport | None:
    statement = select(DataImport).where(DataImport.id == import_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return session.scalar(statement)


def left_queued(session: Session) -> Sequence[int]:
    """Imports that wait for a job that is not there: it failed, or took its worker with it too often."""
    no_job = has_no_job("web.import_file", "import_id", DataImport.id)
    found = select(DataImport.id).where(DataImport.status == "queued", no_job).order_by(DataImport.id)
    return session.scalars(found).all()


def wait_for_turn(session: Session, kind: str) -> None:
    """Be alone with imports of a kind until the transaction ends; others wait."""
    # A large import may take longer than an ordinary lock is waited for.
    session.execute(text("SET LOCAL lock_timeout = '5min'"))
    take_turn(session, kind, among=_LOCKS)


def note_progress(session: Session, import_id: int, done: int) -> None:
    """How far the job has come, in a transaction of its own."""
    session.execute(update(DataImport).where(DataImport.id == import_id).values(rows_done=done))


def add_records(session: Session, import_id: int, made: Sequence[Made]) -> None:
    session.execute(
        insert(DataImportRecord),
        [{"import_id": import_id, "record_id": one.record_id, "mark": one.mark} for one in made],
    )


def records(session: Session, import_id: int) -> list[Made]:
    rows = session.execute(
        select(DataImportRecord.record_id, DataImportRecord.mark)
        .where(DataImportRecord.import_id == import_id)
        .order_by(DataImportRecord.record_id)
    )
    return [Made(row[0], row[1]) for row in rows]


def remembered(session: Session, user_id: int, kind: str) -> Mapping[str, str]:
    """The headings that a person's fields were read from the last time."""
    found = session.scalar(
        select(DataImportMapping.headings).where(
            DataImportMapping.user_id == user_id, DataImportMapping.kind == kind
        )
    )
    return found or {}


def remember(session: Session, user_id: int, kind: str, headings: Mapping[str, str]) -> None:
    statement = upsert(DataImportMapping).values(user_id=user_id, kind=kind, headings=dict(headings))
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["user_id", "kind"], set_={"headings": statement.excluded.headings}
        )
    )
