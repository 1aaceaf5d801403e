"""Pages of the record store: the staff's view of statements, and the administrators' credentials."""

from datetime import date, datetime, time, timedelta
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field
from starlette.responses import StreamingResponse

from app.lrs import jsonio
from app.lrs.credentials import policy
from app.lrs.credentials import service as credentials
from app.lrs.viewing import service as viewing
from app.lrs.viewing.service import Wanted
from app.settings import Settings
from app.web import navigation
from app.web.csv import safe_cell
from app.web.fields import PathId
from app.web.forms import Form, posted
from app.web.navigation import NavItem
from app.web.render import render
from app.web.request import AdminSubject, Db, SettingsDep, StaffSubject

router = APIRouter(include_in_schema=False)
navigation.register(
    NavItem("Statements", "/statements", "list-details", navigation.STAFF, order=80),
    NavItem("Record store", "/record-store", "database", navigation.ADMINS, order=80, section="School"),
)
LIST = ("Statements", "/statements")
STORE = ("Record store", "/record-store")


class CredentialForm(BaseModel):
    """A new credential."""

    label: str = Field(title="Name", max_length=credentials.LONGEST_LABEL)
    scopes: list[str] = Field(default=["statements/write", "statements/read/mine"], title="What it may do")
    rate_limit_per_minute: int | None = Field(default=None, title="Requests a minute", ge=1)


def _wanted(
    settings: SettingsDep,
    q: Annotated[str, Query(max_length=200)] = "",
    user_id: Annotated[str, Query(pattern=r"^\d{0,9}$")] = "",
    verb: Annotated[str, Query(max_length=2000)] = "",
    activity: Annotated[str, Query(max_length=2000)] = "",
    first: Annotated[str, Query(alias="from", max_length=10)] = "",
    last: Annotated[str, Query(alias="to", max_length=10)] = "",
) -> Wanted:
    """The viewer's filter; a date that is none says nothing."""
    begin, end = _day(first), _day(last)
    return Wanted(
        q=q.replace("\0", "").strip(),
        user_id=int(user_id) if user_id else None,
        verb=verb.replace("\0", ""),
        activity=activity.replace("\0", "").strip(),
        since=datetime.combine(begin, time.min, settings.zone) if begin else None,
        until=datetime.combine(end + timedelta(days=1), time.min, settings.zone) if end else None,
    )


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 1970 < found.year < 9000 else None


WantedDep = Annotated[Wanted, Depends(_wanted)]


@router.get("/statements")
def statements(
    request: Request,
    db: Db,
    subject: StaffSubject,
    settings: SettingsDep,
    wanted: WantedDep,
    before: Annotated[int | None, Query(ge=0, le=2**62)] = None,
    live: bool = False,
) -> Response:
    """The newest first; `live` asks again every few seconds."""
    lines, more = viewing.page(db, subject, wanted, before)
    kept = {k: v for k, v in request.query_params.items() if k not in ("before", "live")}
    return render(
        request,
        "lrs/statements.html",
        lines=lines,
        wanted=wanted,
        first=request.query_params.get("from", ""),
        last=request.query_params.get("to", ""),
        verbs=viewing.verbs(db),
        chart=viewing.chart(db, settings.zone) if before is None and not kept else None,
        older=f"/statements?{urlencode({**kept, 'before': str(more)})}" if more else None,
        newest=before is None,
        live=live,
        toggle=f"/statements?{urlencode(kept if live else {**kept, 'live': 'true'})}",
        here=f"/statements?{urlencode({**kept, 'live': 'true'})}",
        files=urlencode(kept),
    )


@router.get("/statements/export")
def export(
    request: Request,
    _staff: StaffSubject,
    wanted: WantedDep,
    form: Annotated[str, Query(alias="format", pattern="^(ndjson|csv)$")] = "ndjson",
) -> Response:
    """Everything that matches as a file, streamed."""
    begin = request.app.state.database.begin
    if form == "csv":
        body, kind = viewing.as_csv(begin, wanted, safe_cell), "text/csv; charset=utf-8"
    else:
        body, kind = viewing.as_ndjson(begin, wanted), "application/x-ndjson"
    disposition = f'attachment; filename="statements.{form}"'
    return StreamingResponse(body, media_type=kind, headers={"Content-Disposition": disposition})


@router.get("/statements/{statement_id}")
def statement(request: Request, db: Db, subject: StaffSubject, statement_id: UUID) -> Response:
    """One statement in words and as it is."""
    line = viewing.one(db, subject, statement_id)
    return render(
        request,
        "lrs/statement.html",
        line=line,
        raw=jsonio.pretty(line.payload),
        breadcrumbs=[LIST, (f"{line.who} {line.did} {line.what}"[:80], None)],
    )


@router.get("/record-store")
def record_store(request: Request, db: Db, _admin: AdminSubject, settings: SettingsDep) -> Response:
    return _store_page(request, db, settings, Form.blank(CredentialForm))


@router.post("/record-store/credentials")
def create_credential(
    request: Request,
    db: Db,
    admin: AdminSubject,
    settings: SettingsDep,
    form: Annotated[Form[CredentialForm], Depends(posted(CredentialForm))],
) -> Response:
    def create(given: CredentialForm) -> Response:
        made = credentials.create(
            db,
            admin,
            settings.app_origin,
            label=given.label,
            scopes=given.scopes,
            rate_limit_per_minute=given.rate_limit_per_minute,
        )
        return _store_page(request, db, settings, Form.blank(CredentialForm), made)

    return form.submit(db, create, again=lambda: _store_page(request, db, settings, form))


@router.post("/record-store/credentials/{credential_id}/rotate")
def rotate_credential(
    request: Request, db: Db, admin: AdminSubject, settings: SettingsDep, credential_id: PathId
) -> Response:
    made = credentials.rotate(db, admin, credential_id)
    return _store_page(request, db, settings, Form.blank(CredentialForm), made)


@router.post("/record-store/credentials/{credential_id}/revoke")
def revoke_credential(
    request: Request, db: Db, admin: AdminSubject, settings: SettingsDep, credential_id: PathId
) -> Response:
    revoked = credentials.revoke(db, admin, credential_id)
    return _store_page(request, db, settings, Form.blank(CredentialForm), revoked=revoked.label)


def _store_page(
    request: Request,
    db: Db,
    settings: Settings,
    form: Form[CredentialForm],
    made: credentials.NewSecret | None = None,
    revoked: str | None = None,
) -> Response:
    response = render(
        request,
        "lrs/record_store.html",
        form=form,
        made=made,
        revoked=revoked,
        endpoint=f"{settings.app_origin}/xapi",
        credentials=credentials.listed(db),
        scopes=list(policy.SCOPES.items()),
    )
    # A page with a secret is not for the back button.
    response.headers["Cache-Control"] = "no-store"
    return response
