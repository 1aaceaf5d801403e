"""The role the system works as. Migrations create `aada_app` and its grants; its password is a setting."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import psycopg
import structlog
from psycopg import sql

from app.core.own_rows import STUDENT_ROLE
from app.ops.database_roles import statements
from app.ops.database_roles.kinds import BY_NAME, OF_THE_SYSTEM
from app.ops.errors import OperatorError
from app.ops.servers import connect
from app.settings import APP_ROLE, Settings

log = structlog.get_logger(__name__)


def set_app_password(settings: Settings) -> bool:
    """Let `aada_app` sign in with the password of AADA_APP_PASSWORD; False when there is nothing to set.

    An owner that may change no role (docker-compose.yml) finds the password set already, or is refused.

    The server is given the SCRAM verifier, never the password, so that no statement log can hold it.
    """
    owner, app = settings.owner_database_url, settings.app_database_url
    if owner.username == APP_ROLE or app.password is None:
        return False
    with connect(settings) as connection:
        row = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (APP_ROLE,)).fetchone()
        if row is None:
            raise OperatorError(f"The database has no role {APP_ROLE}: run `aada db migrate` first.")
        verifier = connection.pgconn.encrypt_password(
            str(app.password).encode(), APP_ROLE.encode(), b"scram-sha-256"
        ).decode("ascii")
        try:
            connection.execute(
                statements.attribute(BY_NAME[APP_ROLE], "LOGIN")
                + sql.SQL(" PASSWORD {}").format(sql.Literal(verifier))
            )
        except psycopg.errors.InsufficientPrivilege as error:
            connection.rollback()
            try:
                connect(settings, app).close()
            except OperatorError:
                raise OperatorError(
                    f"AADA_APP_PASSWORD is not the password of {APP_ROLE}, and {owner.username} may not change it: let "
                    f"the server's administrator run ALTER ROLE {APP_ROLE} PASSWORD '…'. The migrations are done."
                ) from error
            return False
    return True


def missing(connection: psycopg.Connection[Any]) -> list[sql.Composed]:
    """The statements that make what the system works as, where it is not there; whoever is connected may run none."""
    return statements.missing(connection, OF_THE_SYSTEM)


def ensure_roles(settings: Settings) -> None:
    """Make the roles, as migrations 0011 and 0480 do, where a dump is about to grant them rights and brings none.

    Raises OperatorError where the owner may not.
    """
    with connect(settings) as connection:
        needed = missing(connection)
        try:
            for statement in needed:
                connection.execute(statement)
        except psycopg.errors.InsufficientPrivilege as error:
            raise OperatorError(
                f"{settings.owner_database_url.username} may not make the roles that the system works as: let the "
                f"server’s administrator run {statements.text(needed)}; and run this again. Nothing was changed."
            ) from error


def check_app_role(settings: Settings) -> None:
    """Refuse when the system's own role cannot sign in, or may not read as a student.

    The latter is no more than logged with STUDENT_ROLE=false, which is for the emergency that it may not.
    """
    with connect(settings, settings.app_database_url) as connection:
        held = connection.execute(
            "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = %s AND pg_has_role(oid, 'SET'))",
            (STUDENT_ROLE,),
        ).fetchone()
        user = connection.info.user
        kinds = [replace(kind, name=user) if kind.name == APP_ROLE else kind for kind in OF_THE_SYSTEM]
        needed = statements.missing(connection, kinds)
    if held != (True,) and not settings.student_role:
        log.warning("database.student_role_missing", role=STUDENT_ROLE, user=user)
    elif held != (True,):
        raise OperatorError(
            f"{user} may not read as {STUDENT_ROLE}, so that students’ pages fail: run `aada db migrate` as the owner. "
            f"If the owner may not make roles, let the server’s administrator run {statements.text(needed)}; and run "
            "`aada db migrate` after that."
        )
