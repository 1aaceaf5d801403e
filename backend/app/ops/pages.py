"""The administrator's Operations page, and the same figures as JSON."""

from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict

from app.compliance.attendance.totals import service as totals
from app.core.files import quota
from app.core.permissions import Permission
from app.documents import service as documents
from app.finance.ledger.balances import service as balances
from app.lrs.desk.forwarding import service as forwarding
from app.lrs.desk.rollups import service as rollups
from app.ops import monitoring
from app.ops.backup import keeper, second, standing
from app.ops.doctor import examination as doctor
from app.ops.metrics import advice, history
from app.ops.metrics.board import BOARD
from app.ops.metrics.measured import measure
from app.projections import service as projections
from app.web import navigation, reports
from app.web.listing import Known
from app.web.navigation import NavItem
from app.web.paging import PageParams
from app.web.render import render
from app.web.reports import Column, Kind, Report
from app.web.request import CurrentSubject, Db, Requires

router = APIRouter(include_in_schema=False)
READS = [Requires(Permission.OPERATIONS_READ)]
api = APIRouter(prefix="/api/v1/operations", tags=["operations"])
navigation.register(
    NavItem("Operations", "/operations", "server", Permission.OPERATIONS_READ, order=90, section="System")
)
INDEX_USAGE = Report[Any](
    name="index-usage",
    title="Index usage",
    columns=(
        Column("schema", "Schema", lambda row: row.schemaname),
        Column("table", "Table", lambda row: row.tablename),
        Column("index", "Index", lambda row: row.indexname),
        Column("scans", "Scans", lambda row: row.idx_scan, Kind.NUMBER),
        Column("entries_read", "Entries read", lambda row: row.idx_tup_read, Kind.NUMBER),
        Column("rows_fetched", "Rows fetched", lambda row: row.idx_tup_fetch, Kind.NUMBER),
        Column("size", "Size", lambda row: row.size_bytes, Kind.BYTES),
    ),
    names_people=False,
)
_UNITS = ("bytes", "KB", "MB", "GB", "TB")


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


@api.get("/database", dependencies=READS)
def database_figures(db: Db, subject: CurrentSubject) -> DatabaseFigures:
    """Size, connections, table sizes and index usage."""
    return DatabaseFigures(
        size_bytes=monitoring.database_size_bytes(db),
        active_connections=monitoring.active_connections(db),
        connection_limit=monitoring.connection_limit(db),
        tables=[TableSize.model_validate(row) for row in monitoring.table_sizes(db)],
        indexes=[IndexUse.model_validate(row) for row in monitoring.index_usage(db)],
    )


@router.get("/operations", dependencies=READS)
def operations(request: Request, db: Db, subject: CurrentSubject, paging: PageParams) -> Response:
    """The health of the database; the index usage as a file with a `format`."""
    indexes = monitoring.index_usage(db)
    if paging.format:
        return reports.file_of(db, subject, INDEX_USAGE, Known(indexes), paging.format)
    tables = monitoring.table_sizes(db)
    settings = request.app.state.settings
    connections, limit = monitoring.active_connections(db), monitoring.connection_limit(db)
    return render(
        request,
        "ops/operations.html",
        tables=tables,
        indexes=indexes,
        connections=connections,
        limit=limit,
        failing=forwarding.failing(db, subject),
        following=projections.following(db),
        attendance=totals.last_check(db),
        ledger=balances.last_check(db),
        checks=doctor.last_outcome(db),
        advice=advice.of(measure(db, settings)),
        charts=history.charts(db, settings.zone),
        growth=history.growth(db),
        slowest=sorted(BOARD.routes(), key=lambda one: one.slow, reverse=True)[:10],
        backups=standing.of(settings, scheduled=keeper.is_scheduled(settings, db)),
        second=second.state(db),
        replica=replica.standing(replica.committed(db)) if (replica := db.info.get("replica")) else None,
        statements=rollups.last_check(db),
        documents=documents.last_check(db),
        crowded=connections * 5 >= limit * 4,
        size=human_size(monitoring.database_size_bytes(db)),
        largest=[(row.tablename, round(row.size_bytes / 1024)) for row in tables[:10]],
        human_size=human_size,
        storage=quota.usage(db),
        amount=quota.amount,
        formats=reports.offered(),
        breadcrumbs=[("Operations", None)],
    )


def human_size(size_bytes: int) -> str:
    """`8.2 MB`: one decimal from a kilobyte (1024 bytes) on."""
    amount, unit = float(size_bytes), 0
    while amount >= 1024 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1024, unit + 1
    return f"{amount:.1f} {_UNITS[unit]}" if unit else f"{size_bytes} bytes"
