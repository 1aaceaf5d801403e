"""Serving: database, schema, first start, jobs and pages, begun and ended in the right order."""

from __future__ import annotations

import asyncio
import errno
import gc
import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from urllib.parse import urlsplit

import structlog
import typer
import uvicorn
from fastapi import FastAPI
from sqlalchemy.orm import configure_mappers
from starlette.types import Message

from app.core.logging import configure_logging
from app.db.session import Database
from app.ops import address, first_start, migrations, pooler, roles, student_rows
from app.ops.backup import second
from app.ops.backup.keeper import Keeper, is_scheduled
from app.ops.database_roles import service as database_roles
from app.ops.doctor import examination as doctor
from app.ops.errors import OperatorError
from app.ops.http_protocol import BoundedHeadProtocol
from app.ops.metrics.board import BOARD
from app.ops.postgres import EmbeddedServer
from app.ops.servers import database_server
from app.ops.serving.process import Server, Share, wait_for_end
from app.ops.serving.supervisor import Part, Supervisor, TakenOver, taken_over
from app.ops.worker import JobWorker, import_tasks
from app.projections import service as projections
from app.school import service as school
from app.settings import Settings
from app.web.render import compile_templates

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
    processes: int | None = None,
) -> None:
    """Serve until a signal. The address is printed last, when the first page can be had.

    Everything is loaded and made before the processes are forked, so that they share the memory it takes.
    """
    settings = _at_port(settings, port)
    count = processes or cores()
    _configure_logging(settings)
    given = taken_over()
    with (
        _listener(host, port or _port_of(settings), given) as listener,
        _served_database(settings) as prepared,
    ):
        ready, server = prepared
        doctor.require_safe_start(ready, demo=demo)
        database = Database(ready)
        lines = first_start.run(ready, database, demo=demo and given is None)
        with database.begin() as session:
            ready = school.effective_settings(ready, school.facts(session))
        database.close()
        database = Database(ready.shared_by(count))
        BOARD.watch(database)
        app = create_app(ready, database)
        with database.begin() as session:
            app.state.school(session, now=True)
        # No connection outlives the fork: two processes would speak over one.
        database.close()
        import_tasks()
        # Compiled once here: in each process, the first page of its kind would wait for it.
        configure_mappers()
        compile_templates()
        asyncio.run(_first_request(app))
        # What has been loaded stays. The collector need not look at it again with every few requests, which is what
        # makes one request in twenty twice as slow as the others; and what it does not touch stays shared.
        gc.collect()
        gc.freeze()
        parts = _parts(ready, app, database, listener, count, jobs=jobs)
        lines = [*lines, f"{ready.school_name}: {ready.app_origin}"]

        def started() -> None:
            for line in lines if given is None else ():
                typer.echo(line)
            sys.stdout.flush()

        with address.announced(ready, host, listener.getsockname()[1]):
            Supervisor(
                parts,
                listener=listener.fileno(),
                refuse_reload=_refuse_reload,
                tick=lambda: _keep_alive(server),
                given=given,
            ).run(started)


async def _first_request(app: FastAPI) -> None:
    """Answer a request for an address that does not exist, from nobody, with nothing looked up.

    FastAPI works out what its routes need when they are asked for the first time: 12 MB and a sixth of a second, which
    each process would spend for itself.
    """
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/-",
        "raw_path": b"/-",
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 0),
        "server": ("127.0.0.1", 0),
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(_message: Message) -> None:
        pass

    await app(scope, receive, send)


def cores() -> int:
    """How many processors this program may use; each process needs connections, so eight at most."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, 8)


def check(settings: Settings, create_app: Callable[[Settings, Database], FastAPI]) -> None:
    """See that the program would start: its code, its settings, its database. Raises OperatorError."""
    with _served_database(settings) as (ready, _server):
        doctor.require_safe_start(ready)
        create_app(ready, Database(ready))


def _refuse_reload() -> str | None:
    """Why the program that is on the disk now would not start. It is asked in a process of its own."""
    found = subprocess.run(
        [sys.executable, "-m", "app.cli", "serve", "--check"], capture_output=True, text=True, check=False
    )
    if found.returncode == 0:
        return None
    said = [line.strip() for line in found.stderr.splitlines() if line.strip()]
    # A refusal may have several lines, and it comes last.
    begun = next((at for at, line in enumerate(said) if line.startswith("aada: ")), len(said) - 1)
    return " ".join(said[begun:]) or f"exit status {found.returncode}"


def _parts(
    settings: Settings, app: FastAPI, database: Database, listener: socket.socket, count: int, *, jobs: bool
) -> list[Part]:
    """Processes that answer, and one for the jobs; where there is one core, a process does both."""
    share = Share(count)

    def settle(place: int) -> None:
        BOARD.settle(place)
        own = settings.shared_by(count)
        BOARD.note_pool(own.pool_size + own.pool_max_overflow)

    def answer(place: int, ready: Callable[[], None], life: int) -> None:
        settle(place)
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
        server = Server(config, listener, share, place, life=life, ready=ready)
        with _working(settings, database) if jobs and count == 1 else nullcontext():
            server.run()

    def work_off(ready: Callable[[], None], life: int) -> None:
        settle(count)
        with _working(settings, database):
            ready()
            wait_for_end(life)

    parts = [
        Part(f"web {place}", partial(answer, place), partial(share.set, place, -1)) for place in range(count)
    ]
    return [*parts, Part("jobs", work_off)] if jobs and count > 1 else parts


@contextmanager
def _working(settings: Settings, database: Database) -> Iterator[JobWorker]:
    """Jobs are worked off, the history is followed and backups are made for as long as the block runs."""
    with database.begin() as session:
        scheduled = is_scheduled(settings, session)
    worker, follower = JobWorker(settings, database), projections.runner(database)
    keeper = Keeper(settings, database) if scheduled else None
    watch = second.Watch(settings, database)
    watch.start()
    worker.start()
    follower.start()
    try:
        if keeper is not None:
            keeper.start()
        yield worker
    finally:
        if keeper is not None:
            keeper.stop()
        follower.stop()
        worker.stop()
        watch.stop()


def work(settings: Settings) -> None:
    """Work off jobs until a signal."""
    _configure_logging(settings)
    with ready_database(settings) as (ready, database):
        doctor.require_safe_start(ready)
        typer.echo("Processing jobs.")
        with _working(ready, database) as worker:
            worker.wait()


@contextmanager
def ready_database(settings: Settings) -> Iterator[tuple[Settings, Database]]:
    """A database that the system's role can use, kept running while the block does."""
    with _served_database(settings) as (known, server):
        database = Database(known)
        try:
            with _kept_alive(server):
                yield known, database
        finally:
            database.close()


@contextmanager
def _served_database(settings: Settings) -> Iterator[tuple[Settings, EmbeddedServer | None]]:
    """Settings with a database at the code's revision, and the embedded server if it is that one's.

    The embedded one is migrated here. Any other server is its operator's: one that is behind is refused, with the
    command to run.
    """
    with database_server(settings) as (known, server):
        second.give_way(known)
        if server is not None:
            typer.echo(f"· PostgreSQL {server.programs.version}, data in {server.data}")
            for step in migrations.upgrade(known):
                typer.echo(f"· migration {step}")
            for left in database_roles.what_repair_leaves(known):
                typer.echo(f"· {left}")
            roles.set_app_password(known)
            if not student_rows.has_role(known):
                student_rows.restore(known)
        migrations.require_head(known)
        roles.check_app_role(known)
        pooler.keep_settings(known)
        database = Database(known)
        try:
            projections.prepare(database)
        finally:
            database.close()
        yield known, server


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
            _keep_alive(server)

    watcher = threading.Thread(target=watch, name="database-watch", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join(30)


def _keep_alive(server: EmbeddedServer | None) -> None:
    try:
        if server is not None and server.revive():
            log.warning("database.revived", data=str(server.data))
    except OperatorError as error:
        log.error("database.down", reason=str(error))


@contextmanager
def _listener(host: str, port: int, given: TakenOver | None) -> Iterator[socket.socket]:
    """The listening socket, taken first: a port in use is reported at once, before anything is started."""
    if given is not None:
        with socket.socket(fileno=given.listener) as kept:
            yield kept
        return
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(4096)
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
