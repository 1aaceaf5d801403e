"""Is the program alive, and can it work: for process supervisors and load balancers."""

from fastapi import APIRouter, Request
from sqlalchemy import text

from app import __version__
from app.core.errors import Unavailable
from app.ops.migrations import revisions

router = APIRouter(tags=["health"])


@router.get("/healthz")
def alive() -> dict[str, str]:
    """The process answers. Says nothing about the database, so that a restart of it restarts nothing else."""
    return {"status": "ok", "version": __version__}


@router.get("/readyz")
def ready(request: Request) -> dict[str, str]:
    """The database answers and stands at the revision this code was written for; 503 otherwise."""
    with request.app.state.database.begin() as session:
        revision = session.scalar(text("SELECT version_num FROM alembic_version"))
    head = revisions()[-1]
    if revision != head:
        raise Unavailable(
            f"The database is at revision {revision}, and this version needs {head}. Run: aada db migrate",
            headers={"Retry-After": "10"},
        )
    return {"status": "ready", "revision": revision}
