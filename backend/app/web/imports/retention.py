"""What of imported files goes after a while."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.core import retention
from app.core.files import claims
from app.core.retention import Kind, Rows
from app.db.models import DataImport
from app.web.imports.service import OWNER


def _give_up_files(session: Session, keys: Sequence[Any]) -> None:
    """A file that was checked and never imported is still claimed."""
    for key in keys:
        claims.release(session, OWNER, key)


_imports = Rows(
    DataImport.__table__,
    lambda before: (DataImport.status != "queued") & (DataImport.created_at < before),
    first=_give_up_files,
    # Whose rows are in a file, nobody has noted: it stays while any student's records are held.
    about=lambda students: students.exists(),
)

retention.register(
    Kind(
        "imports",
        "Imported files and their rows",
        "Which file was sent, its errors with the contents of the cells, and which records its rows became; a file "
        "that was never imported goes with them. The records stay, and the history keeps who imported them.",
        180,
        45,
        retention.ANSWER_TIME,
        _imports.due,
        _imports.purge,
        ("data_imports", "data_import_records"),
    )
)
retention.keep(
    "Choices of columns", "They are the person’s own and go with the account.", "data_import_mappings"
)
