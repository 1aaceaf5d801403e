"""What goes after a while, what is due now, what has gone, and what never goes."""

from fastapi import APIRouter, Request, Response

from app.core import retention
from app.core.permissions import Permission
from app.ops.retention import service
from app.school import policy as school_policy
from app.web.render import render
from app.web.request import CurrentSubject, Db, Requires

router = APIRouter(include_in_schema=False)


@router.get("/operations/retention", dependencies=[Requires(Permission.OPERATIONS_READ)])
def retention_page(request: Request, db: Db, subject: CurrentSubject) -> Response:
    """Every kind with its days and what is due; the last runs; what is kept for good."""
    found = service.standing(db, subject)
    return render(
        request,
        "ops/retention.html",
        kinds=found,
        due=sum(one.due for one in found),
        titles={one.kind.name: one.kind.title for one in found},
        kept=retention.kept(),
        runs=service.runs(db, subject),
        may_change=school_policy.may_change(subject),
        breadcrumbs=[("Operations", "/operations"), ("Data retention", None)],
    )
