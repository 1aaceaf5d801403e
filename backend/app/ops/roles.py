"""The role the system works as. Migrations create `aada_app` and its grants; its password is a setting."""

from __future__ import annotations

import psycopg
import structlog
from psycopg import sql

from app.core.own_rows import STUDENT_ROLE
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
                sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(
                    sql.Identifier(APP_ROLE), sql.Literal(verifier)
                )
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


def ensure_roles(settings: Settings) -> None:
    """Make the roles, as migrations 0011 and 0480 do, where a dump is about to grant them rights and brings none.

    Raises OperatorError where the owner may not.
    """
    attributes = sql.SQL("NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION")
    try:
        with connect(settings) as connection:
            for role, entry in ((APP_ROLE, "LOGIN"), (STUDENT_ROLE, "NOLOGIN")):
                if (
                    connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone()
                    is None
                ):
                    connection.execute(
                        sql.SQL("CREATE ROLE {} {} {}").format(
                            sql.Identifier(role), sql.SQL(entry), attributes
                        )
                    )
            # Becomes it for a request, and has none of its rights else.
            held = connection.execute(
                "SELECT pg_has_role(%s, %s, 'SET')", (APP_ROLE, STUDENT_ROLE)
            ).fetchone()
            if held != (True,):
                connection.execute(
                    sql.SQL("GRANT {} TO {} WITH INHERIT FALSE, SET TRUE").format(
                        sql.Identifier(STUDENT_ROLE), sql.Identifier(APP_ROLE)
                    )
                )
    except psycopg.errors.InsufficientPrivilege as error:
        raise OperatorError(
            f"{settings.owner_database_url.username} may not make the roles {APP_ROLE} and {STUDENT_ROLE}: let the "
            f"server’s administrator run CREATE ROLE {APP_ROLE} LOGIN; CREATE ROLE {STUDENT_ROLE} NOLOGIN; "
            f"GRANT {STUDENT_ROLE} TO {APP_ROLE} WITH INHERIT FALSE, SET TRUE (what is there already, without its "
            "statement). Nothing was changed."
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
    if held != (True,) and not settings.student_role:
        log.warning("database.student_role_missing", role=STUDENT_ROLE, user=user)
    elif held != (True,):
        raise OperatorError(
            f"{user} may not read as {STUDENT_ROLE}, so that students’ pages fail: run `aada db migrate` as the owner. "
            f"If the owner may not make roles, let the server’s administrator run CREATE ROLE {STUDENT_ROLE} NOLOGIN "
            f"(unless it is there) and GRANT {STUDENT_ROLE} TO {user} WITH INHERIT FALSE, SET TRUE, and run "
            "`aada db migrate` after that."
        )
