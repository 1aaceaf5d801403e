"""The `aada` command.

`app/commands/<name>.py` with a typer app called `commands` becomes `aada <name>`.
"""

from __future__ import annotations

import gc
import pkgutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from types import FrameType
from typing import Annotated

import typer

import app.commands
from app.ops.errors import OperatorError
from app.settings import SettingsError, get_settings

cli = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help="AADA LMS.")


@contextmanager
def _loading() -> Iterator[None]:
    """Load modules without the garbage collector: what they bring stays, and looking through all of it again with every
    few thousand objects takes a quarter of a start.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@cache
def _add_commands(wanted: str | None = None) -> None:
    """Add the command that is wanted, or all of them: each loads the rooms it is about, which takes seconds."""
    # A word of Python's own, such as import, has a "_" behind it.
    names = {
        module.name.rstrip("_").replace("_", "-"): module.name
        for module in pkgutil.iter_modules(app.commands.__path__)
    }
    with _loading():
        for name, module in names.items():
            if wanted not in names or wanted == name:
                cli.add_typer(import_module(f"app.commands.{module}").commands, name=name)


@cli.command()
def serve(
    port: Annotated[int | None, typer.Option(help="Port to listen on; else the one in APP_ORIGIN.")] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    demo: Annotated[
        bool, typer.Option("--demo", help="Fill an empty database with the demo school.")
    ] = False,
    jobs: Annotated[bool, typer.Option(help="Work off jobs here; without, run `aada worker` beside.")] = True,
    processes: Annotated[
        int | None,
        typer.Option(min=1, max=64, help="How many processes answer; else one for each core, eight at most."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="See that it would start, and end; nothing is served.")
    ] = False,
) -> None:
    """Serve the school: database, jobs and pages, until Ctrl-C.

    SIGHUP loads new code and settings without refusing a connection; SIGTERM ends in good order.
    """
    with _loading():
        from app.main import create_app
        from app.ops import lifecycle
        from app.ops.doctor.examination import settings_to_serve

    settings = settings_to_serve()
    if check:
        lifecycle.check(settings, create_app)
        return
    lifecycle.serve(settings, create_app, host=host, port=port, demo=demo, jobs=jobs, processes=processes)


@cli.command()
def worker() -> None:
    """Work off jobs (mail, documents, reports) until Ctrl-C, apart from `aada serve`."""
    with _loading():
        from app.ops import lifecycle

    lifecycle.work(get_settings())


def _leave(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)


def run() -> None:
    """Run the command of `sys.argv`: an operator's error is one sentence and exit status 1, never a traceback."""
    try:
        _add_commands(sys.argv[1] if len(sys.argv) > 1 else None)
        cli()
    except (OperatorError, SettingsError) as error:
        typer.echo(f"aada: {error}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def main() -> None:
    """Entry point."""
    # As exceptions, so that every `finally` on the way runs and the database is stopped cleanly.
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGHUP, _leave)
    run()


if __name__ == "__main__":
    main()
