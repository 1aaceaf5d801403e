"""Is the program alive, and can it work: for process supervisors and load balancers."""

from functools import lru_cache

from alembic.script import ScriptDirectory
from fastapi import APIRouter, Request
from sqlalchemy import text

from app import __version__
from app.core.errors import Unavailable
from app.ops.migrations import alembic_config

router = APIRouter(tags=["health"])


@lru_cache
def _head() -> str:
    return ScriptDirectory.from_config(alembic_config()).get_current_head() or ""


@router.get("/healthz")
def alive() -> dict[str, str]:
    """The process answers. Says nothing about the database, so that a restart of it restarts nothing else."""
    return {"status": "ok", "version": __version__}


@router.get("/readyz")
def ready(request: Request) -> dict[str, str]:
    """The database answers and stands at the revision this code was written for; 503 otherwise."""
    with request.app.state.database.begin() as session:
        revision = session.scalar(text("SELECT version_num FROM alembic_version"))
    if revision != _head():
        raise Unavailable(
            f"The database is at revision {revision}, and this version needs {_head()}. Run: aada db migrate",
            headers={"Retry-After": "10"},
        )
    return {"status": "ready", "revision": revision}
