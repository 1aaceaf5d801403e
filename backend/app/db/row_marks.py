"""Whether records are still as they were made, and whether anything refers to them: before they are taken away."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.db.base import Base

_REFERRING = text(
    """
    SELECT con.conrelid::regclass::text, a.attname
    FROM pg_constraint con JOIN pg_attribute a ON a.attrelid = con.conrelid AND a.attnum = con.conkey[1]
    WHERE con.contype = 'f' AND con.confrelid = CAST(:target AS regclass) AND cardinality(con.conkey) = 1
    ORDER BY 1, 2
    """
)


def marks(session: Session, model: type[Base], ids: Sequence[int]) -> dict[int, str]:
    """A mark of each record as it is now, by its number; one that is gone has none."""
    table = model.__tablename__
    rows = session.execute(
        text(f"SELECT t.id, md5(t::text) FROM {table} t WHERE t.id = ANY(:ids)"),  # noqa: S608 - a model's table
        {"ids": list(ids)},
    )
    return {row[0]: row[1] for row in rows}


def referring(
    session: Session, model: type[Base], ids: Sequence[int], *, ignoring: Collection[str] = ()
) -> Mapping[str, int]:
    """How many rows of other tables refer to these records, by table; tables without any are left out.

    The catalog is asked and not the models, so that a room of tomorrow counts without registering.
    """
    found: dict[str, int] = {}
    for table, column in session.execute(_REFERRING, {"target": model.__tablename__}).all():
        if table in ignoring:
            continue
        count = session.execute(
            text(f"SELECT count(*) FROM {table} WHERE {column} = ANY(:ids)"),  # noqa: S608 - from the catalog
            {"ids": list(ids)},
        ).scalar_one()
        if count:
            found[table] = found.get(table, 0) + count
    return found
