"""The security page."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BeforeValidator, Field

from app.core.permissions import Permission
from app.desks import security
from app.desks.reports import SECURITY
from app.desks.security_queries import SecurityFilter
from app.web import navigation, reports
from app.web.field_types import OptionalDay, Text, blank_is_none, days_in_order
from app.web.navigation import NavItem
from app.web.paging import PageParams
from app.web.request import CurrentSubject, Db, Requires, SettingsDep

router = APIRouter(include_in_schema=False)
navigation.register(
    NavItem(
        "Security", "/security", "shield-check", Permission.SECURITY_READ, order=89, section="Administration"
    )
)

_Kind = Literal["failures", "refusals", "devices", "keys", "access", "viruses", "alerts"]
Kind = Annotated[_Kind | None, BeforeValidator(blank_is_none)]
Address = Annotated[Annotated[Text, Field(max_length=45)] | None, BeforeValidator(blank_is_none)]


def _wanted(
    kind: Annotated[Kind, Query()] = None,
    first: Annotated[OptionalDay, Query(alias="from")] = None,
    last: Annotated[OptionalDay, Query(alias="to")] = None,
    address: Annotated[Address, Query()] = None,
) -> SecurityFilter:
    days_in_order(first, last)
    return SecurityFilter(kind, first, last, address)


@router.get("/security", dependencies=[Requires(Permission.SECURITY_READ)])
def security_page(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    wanted: Annotated[SecurityFilter, Depends(_wanted)],
    paging: PageParams,
) -> Response:
    return reports.answer(
        request,
        db,
        subject,
        SECURITY,
        security.events(db, subject, wanted, paging, settings.zone),
        "desks/security.html",
        choices={"kind": security.kinds()},
        figures=None if paging.format else security.overview(db, subject, settings.zone),
        days=security.DAYS_SHOWN,
        may_read_keys=subject.may(Permission.LRS_READ_ALL),
    )
