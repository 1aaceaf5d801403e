"""Structured logs: one line an event, with the request's id; readable in a terminal, JSON in production."""

import json
import logging
import sys
from typing import Any, Final

import structlog

from app.core.log_files import SharedRotatingFile
from app.settings import Settings

ACCESS: Final = logging.getLogger("access")
"""Takes a mapping for each request (`app.web.access_log`)."""
ACCESS_FILES_KEPT: Final = 10

_processors: Final[list[structlog.typing.Processor]] = []
"""One list for as long as the program runs: a logger that has been used keeps the list that it found."""

_SECRET_WORDS = ("password", "secret", "token", "authorization", "cookie")


def _hide_secrets(_logger: Any, _name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Last guard: a value logged under a name that speaks of a secret is not written."""
    for key in event:
        if any(word in key.lower() for word in _SECRET_WORDS):
            event[key] = "[hidden]"
    return event


def _escape_controls(
    _logger: Any, _name: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """A text that came from outside ends no line and speaks to no terminal: control characters are spelled out."""
    for key, value in event.items():
        if isinstance(value, str) and not value.isprintable() and key != "exception":
            event[key] = "".join(
                sign if sign.isprintable() else sign.encode("unicode_escape", "backslashreplace").decode()
                for sign in value
            )
    return event


def configure_logging(settings: Settings) -> None:
    """Send the program's and the libraries' logs to standard error in one form."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _hide_secrets,
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if settings.log_json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    _processors[:] = [*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter]
    structlog.configure(
        processors=_processors,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _escape_controls,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = True
    # The access log has a line for each request; of procrastinate it takes warnings alone.
    logging.getLogger("uvicorn.access").setLevel(logging.WARNING)
    logging.getLogger("procrastinate").setLevel(logging.WARNING)
    _configure_access_log(settings)


def _configure_access_log(settings: Settings) -> None:
    """The lines of requests go past structlog: they are many, and come with everything they say."""
    shown = logging.StreamHandler(sys.stderr)
    shown.setLevel(settings.log_level)
    shown.setFormatter(_Json() if settings.log_json else _Plain())
    handlers: list[logging.Handler] = [shown]
    if settings.access_log_file is not None:
        most = settings.access_log_megabytes * 1024 * 1024
        file = SharedRotatingFile(settings.access_log_file, most_bytes=most, keep=ACCESS_FILES_KEPT)
        file.setFormatter(_Json())
        handlers.append(file)
    for old in ACCESS.handlers:
        old.close()
    ACCESS.handlers = handlers
    ACCESS.propagate = False
    ACCESS.setLevel(logging.INFO if settings.access_log_file is not None else settings.log_level)


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return json.dumps({"event": "request", **_line(record)}, separators=(",", ":"))


class _Plain(logging.Formatter):
    """`2026-01-05T12:00:00.000+00:00 GET /people/{user_id} 200 12.3 ms 8431 B subject_id=3 request_id=…`"""

    def format(self, record: logging.LogRecord) -> str:
        line = _line(record)
        subject, request = line["subject_id"], line["request_id"]
        return (
            f"{line['at']} {line['method']} {line['route']} {line['status']} {line['ms']} ms {line['bytes']} B"
            f" subject_id={'-' if subject is None else subject} request_id={request or '-'}"
        )


def _line(record: logging.LogRecord) -> dict[str, Any]:
    line = record.msg
    return line if isinstance(line, dict) else {"message": record.getMessage()}
