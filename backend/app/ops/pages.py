"""The administrator's Operations page, and the same figures as JSON."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict

from app.lrs.desk.forwarding import service as forwarding
from app.ops import monitoring
from app.web import navigation
from app.web.csv import csv_response
from app.web.navigation import NavItem
from app.web.paging import PageParams
from app.web.render import render
from app.web.request import AdminSubject, Db

router = APIRouter(include_in_schema=False)
api = APIRouter(prefix="/api/v1/operations", tags=["operations"])
navigation.register(
    NavItem("Operations", "/operations", "server", navigation.ADMINS, order=90, section="System")
)
_UNITS = ("bytes", "kB", "MB", "GB", "TB")


class TableSize(BaseModel):
    """A table with its indexes, in bytes."""

    model_config = ConfigDict(from_attributes=True)

    schemaname: str
    tablename: str
    size_bytes: int


class IndexUse(BaseModel):
    """How often an index was used since the statistics were last reset, and its size in bytes."""

    model_config = ConfigDict(from_attributes=True)

    schemaname: str
    tablename: str
    indexname: str
    idx_scan: int
    idx_tup_read: int
    idx_tup_fetch: int
    size_bytes: int


class DatabaseFigures(BaseModel):
    """What the database says of itself now."""

    size_bytes: int
    active_connections: int
    connection_limit: int
    tables: list[TableSize]
    indexes: list[IndexUse]


@api.get("/database")
def database_figures(db: Db, _admin: AdminSubject) -> DatabaseFigures:
    """Size, connections, table sizes and index usage."""
    return DatabaseFigures(
        size_bytes=monitoring.database_size_bytes(db),
        active_connections=monitoring.active_connections(db),
        connection_limit=monitoring.connection_limit(db),
        tables=[TableSize.model_validate(row) for row in monitoring.table_sizes(db)],
        indexes=[IndexUse.model_validate(row) for row in monitoring.index_usage(db)],
    )


@router.get("/operations")
def operations(request: Request, db: Db, _admin: AdminSubject, paging: PageParams) -> Response:
    """The health of the database; the index usage as CSV with `format=csv`."""
    indexes = monitoring.index_usage(db)
    if paging.wants_csv:
        header = ("Schema", "Table", "Index", "Scans", "Entries read", "Rows fetched", "Bytes")
        return csv_response("index-usage.csv", header, indexes)
    tables = monitoring.table_sizes(db)
    connections, limit = monitoring.active_connections(db), monitoring.connection_limit(db)
    return render(
        request,
        "ops/operations.html",
        tables=tables,
        indexes=indexes,
        connections=connections,
        limit=limit,
        failing=forwarding.failing(db),
        crowded=connections * 5 >= limit * 4,
        size=human_size(monitoring.database_size_bytes(db)),
        largest=[(row.tablename, round(row.size_bytes / 1024)) for row in tables[:10]],
        human_size=human_size,
        breadcrumbs=[("Operations", None)],
    )


def human_size(size_bytes: int) -> str:
    """`8.2 MB`: one decimal from a kilobyte (1024 bytes) on."""
    amount, unit = float(size_bytes), 0
    while amount >= 1024 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1024, unit + 1
    return f"{amount:.1f} {_UNITS[unit]}" if unit else f"{size_bytes} bytes"
