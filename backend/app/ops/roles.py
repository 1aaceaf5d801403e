"""The role the system works as. Migrations create `aada_app` and its grants; its password is a setting."""

from __future__ import annotations

import psycopg
from psycopg import sql

from app.ops.errors import OperatorError
from app.ops.servers import connect
from app.settings import APP_ROLE, Settings


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
                check_app_role(settings)
            except OperatorError:
                raise OperatorError(
                    f"AADA_APP_PASSWORD is not the password of {APP_ROLE}, and {owner.username} may not change it: let "
                    f"the server's administrator run ALTER ROLE {APP_ROLE} PASSWORD '…'. The migrations are done."
                ) from error
            return False
    return True


def ensure_app_role(settings: Settings) -> None:
    """Make the role, as migration 0011 does, where a dump is about to grant it rights and brings no roles itself."""
    with connect(settings) as connection:
        if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (APP_ROLE,)).fetchone() is None:
            connection.execute(
                sql.SQL(
                    "CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION"
                ).format(sql.Identifier(APP_ROLE))
            )


def check_app_role(settings: Settings) -> None:
    """Refuse when the system's own role cannot sign in."""
    connect(settings, settings.app_database_url).close()
