"""Serving: database, schema, first start, jobs and pages, begun and ended in the right order."""

from __future__ import annotations

import errno
import gc
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import structlog
import typer
import uvicorn
from fastapi import FastAPI

from app.core.logging import configure_logging
from app.db.session import Database
from app.ops import address, first_start, migrations, roles
from app.ops.errors import OperatorError
from app.ops.http_protocol import BoundedHeadProtocol
from app.ops.postgres import EmbeddedServer
from app.ops.servers import database_server
from app.ops.worker import JobWorker
from app.projections import service as projections
from app.school import service as school
from app.settings import Settings

_LOOPBACK = {"localhost", "127.0.0.1"}
log = structlog.get_logger(__name__)


def serve(
    settings: Settings,
    create_app: Callable[[Settings, Database], FastAPI],
    *,
    host: str,
    port: int | None,
    demo: bool,
    jobs: bool,
) -> None:
    """Serve until a signal. The address is printed last, when the first page can be had."""
    settings = _at_port(settings, port)
    _configure_logging(settings)
    with _listener(host, port or _port_of(settings)) as listener, ready_database(settings) as prepared:
        settings, database = prepared
        lines = first_start.run(settings, database, demo=demo)
        worker = JobWorker(settings, database) if jobs else None
        with database.begin() as session:
            settings = school.effective_settings(settings, school.facts(session))
        app = create_app(settings, database)
        with database.begin() as session:
            app.state.school(session, now=True)
        # What has been loaded stays. The collector need not look at it again with every few requests, which is what
        # makes one request in twenty twice as slow as the others.
        gc.collect()
        gc.freeze()
        config = uvicorn.Config(
            app,
            http=BoundedHeadProtocol,
            log_config=None,
            access_log=False,
            server_header=False,
            # No page uses one; with "auto", an upgrade that anybody asks for is answered with advice in the log.
            ws="none",
            forwarded_allow_ips=settings.forwarded_allow_ips,
            timeout_graceful_shutdown=10,
        )
        follower = projections.runner(database) if jobs else None
        try:
            if worker is not None:
                worker.start()
            if follower is not None:
                follower.start()
            server = _Server(config, [*lines, f"{settings.school_name}: {settings.app_origin}"])
            signal.signal(signal.SIGHUP, server.handle_exit)  # uvicorn looks after the other two
            with address.announced(settings, host, listener.getsockname()[1]):
                server.run(sockets=[listener])
        except KeyboardInterrupt:  # uvicorn has ended in good order and passes the signal on
            pass
        finally:
            if follower is not None:
                follower.stop()
            if worker is not None:
                worker.stop()


def work(settings: Settings) -> None:
    """Work off jobs until a signal."""
    _configure_logging(settings)
    with ready_database(settings) as (ready, database):
        worker, follower = JobWorker(ready, database), projections.runner(database)
        worker.start()
        follower.start()
        typer.echo("Processing jobs.")
        try:
            worker.wait()
        finally:
            follower.stop()
            worker.stop()


@contextmanager
def ready_database(settings: Settings) -> Iterator[tuple[Settings, Database]]:
    """A database at the code's revision that the system's role can use.

    The embedded one is migrated here. Any other server is its operator's: one that is behind is refused, with the
    command to run.
    """
    with database_server(settings) as (known, server):
        if server is not None:
            typer.echo(f"· PostgreSQL {server.programs.version}, data in {server.data}")
            for step in migrations.upgrade(known):
                typer.echo(f"· migration {step}")
            roles.set_app_password(known)
        migrations.require_head(known)
        roles.check_app_role(known)
        database = Database(known)
        try:
            projections.prepare(database)
            with _kept_alive(server):
                yield known, database
        finally:
            database.close()


def _configure_logging(settings: Settings) -> None:
    configure_logging(settings)
    # What these log at INFO stands on the screen already, in plainer words.
    for name in ("alembic", "uvicorn.error"):
        logging.getLogger(name).setLevel(logging.WARNING)


@contextmanager
def _kept_alive(server: EmbeddedServer | None) -> Iterator[None]:
    """Start the embedded server again when its process dies under us."""
    if server is None:
        yield
        return
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(1.0):
            try:
                if server.revive():
                    log.warning("database.revived", data=str(server.data))
            except OperatorError as error:
                log.error("database.down", reason=str(error))

    watcher = threading.Thread(target=watch, name="database-watch", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join(30)


class _Server(uvicorn.Server):
    """Tells the address when it answers, not before."""

    def __init__(self, config: uvicorn.Config, lines: list[str]) -> None:
        super().__init__(config)
        self._lines = lines

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.should_exit:
            for line in self._lines:
                typer.echo(line)
            sys.stdout.flush()


@contextmanager
def _listener(host: str, port: int) -> Iterator[socket.socket]:
    """The listening socket, taken first: a port in use is reported at once, before anything is started."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(256)
    except (OSError, OverflowError) as error:
        listener.close()
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            raise OperatorError(
                f"Port {port} is in use by another program: stop that one, or choose another with --port."
            ) from error
        raise OperatorError(f"The system cannot listen on {host}, port {port}: {error}.") from error
    try:
        yield listener
    finally:
        listener.close()


def _port_of(settings: Settings) -> int:
    parts = urlsplit(settings.app_origin)
    return parts.port or (8000 if parts.hostname not in _LOOPBACK else 80)


def _at_port(settings: Settings, port: int | None) -> Settings:
    """With --port, the addresses of this machine follow; those behind a proxy are left as they are."""
    if port is None:
        return settings
    moved = {}
    for name in ("app_origin", "content_origin"):
        parts = urlsplit(getattr(settings, name))
        if parts.hostname in _LOOPBACK:
            moved[name] = f"{parts.scheme}://{parts.hostname}:{port}"
    return settings.model_copy(update=moved)
