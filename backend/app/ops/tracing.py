"""Traces for a collector (OpenTelemetry), where TRACING is on: a span for a request, below it one for each statement.

A span says which route, which status and which statement, never an address as it was typed, a value, a name or a
person. What a client says of its own trace is not believed. This module is imported where the setting is on, and
nothing else imports OpenTelemetry: off, it costs nothing. The standard OTEL_ variables say where to send.
"""

from __future__ import annotations

import os
from time import time_ns
from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import __version__
from app.db.session import Database
from app.ops.errors import OperatorError
from app.web.access_log import route_of

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, Tracer

_STATEMENT_SHOWN = 1_000
_FAILED = 500


def require() -> None:
    """Raises OperatorError where OpenTelemetry is not installed."""
    try:
        import opentelemetry.exporter.otlp.proto.http.trace_exporter  # noqa: PLC0415
        import opentelemetry.sdk.trace  # noqa: F401, PLC0415
    except ImportError as error:
        raise OperatorError(
            "TRACING is on, and OpenTelemetry is not installed. Run: .venv/bin/pip install --require-hashes -r "
            "backend/requirements-tracing.lock (or set TRACING=false)."
        ) from error


class Tracing:
    """Stands around everything that answers, and follows the statements of its database."""

    def __init__(self, app: ASGIApp, database: Database) -> None:
        """Raises OperatorError where OpenTelemetry is not installed."""
        require()
        self.app = app
        self._process = 0
        self._provider: TracerProvider | None = None
        self._tracer: Tracer | None = None
        event.listen(database.engine, "before_cursor_execute", self._begun)
        event.listen(database.engine, "after_cursor_execute", self._ended)
        event.listen(database.engine, "handle_error", self._broken)
        database.answered.append(self._answered)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        from opentelemetry.trace import SpanKind, Status, StatusCode  # noqa: PLC0415

        status = 0

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        state: dict[str, Any] = scope.setdefault("state", {})
        method = scope["method"][:20]
        with self._of_this_process().start_as_current_span(
            method, kind=SpanKind.SERVER, record_exception=False
        ) as span:
            try:
                await self.app(scope, receive, noted)
            finally:
                route = route_of(scope, state)
                span.update_name(f"{method} {route}")
                span.set_attributes(
                    {
                        "http.request.method": method,
                        "http.route": route,
                        "http.response.status_code": status,
                        "aada.request_id": str(state.get("request_id", "")),
                    }
                )
                if status >= _FAILED or not status:
                    span.set_status(Status(StatusCode.ERROR))

    def close(self) -> None:
        """Send what is waiting to be sent."""
        if self._provider is not None and self._process == os.getpid():
            self._provider.shutdown()
            self._provider = self._tracer = None

    def _of_this_process(self) -> Tracer:
        """Made with the first request: what sends the spans is a thread, which no fork takes along."""
        if self._tracer is None or self._process != os.getpid():
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
                OTLPSpanExporter,
            )
            from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
            from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
            from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

            named = {} if "OTEL_SERVICE_NAME" in os.environ else {"service.name": "aada-lms"}
            self._provider = TracerProvider(
                resource=Resource.create({**named, "service.version": __version__})
            )
            self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
            self._tracer = self._provider.get_tracer("aada-lms", __version__)
            self._process = os.getpid()
        return self._tracer

    def _begun(
        self, _connection: Any, _cursor: Any, statement: str, _values: Any, context: Any, _many: bool
    ) -> None:
        if context is not None:
            context.aada_span = self._span(statement)

    def _ended(
        self, _connection: Any, _cursor: Any, _statement: str, _values: Any, context: Any, _many: bool
    ) -> None:
        span = getattr(context, "aada_span", None)
        if span is not None:
            span.end()

    def _broken(self, failed: Any) -> None:
        span = getattr(failed.execution_context, "aada_span", None)
        if span is not None:
            _mark(span, failed.original_exception)
            span.end()

    def _answered(self, statement: str, seconds: float, error: BaseException | None) -> None:
        span = self._span(statement, begun=time_ns() - round(seconds * 1e9))
        if span is not None:
            if error is not None:
                _mark(span, error)
            span.end()

    def _span(self, statement: str, begun: int | None = None) -> Span | None:
        """One for a statement, begun now or then (nanoseconds); None outside of a request."""
        from opentelemetry.trace import SpanKind, get_current_span  # noqa: PLC0415

        if self._tracer is None or not get_current_span().is_recording():
            return None
        text = " ".join(statement.split())
        return self._tracer.start_span(
            text.partition(" ")[0].upper()[:20] or "SQL",
            kind=SpanKind.CLIENT,
            attributes={"db.system.name": "postgresql", "db.query.text": text[:_STATEMENT_SHOWN]},
            start_time=begun,
        )


def _mark(span: Span, error: BaseException) -> None:
    from opentelemetry.trace import Status, StatusCode  # noqa: PLC0415

    # What PostgreSQL says quotes values; its kind is enough.
    span.set_attribute("error.type", type(error).__name__)
    span.set_status(Status(StatusCode.ERROR))
