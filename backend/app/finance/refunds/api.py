"""Refunds as JSON: the documented case file (docs/refund-case.md) in, the result out."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Request
from pydantic import BaseModel

from app.core.errors import BadRequest
from app.core.permissions import Permission
from app.finance.refunds import service
from app.finance.refunds.schemas import CaseIn
from app.web.request import CurrentSubject, Db, Requires

router = APIRouter(prefix="/api/v1/refunds", tags=["refunds"])


class LineOut(BaseModel):
    """One step of the derivation."""

    text: str
    amount_cents: int


class RefundOut(BaseModel):
    """The refund: its lines add up to the amount."""

    amount_cents: int
    due_on: str
    lines: list[LineOut]
    policy: str
    settings: dict[str, Any]


def _inlined(shape: Any, definitions: dict[str, Any]) -> Any:
    """A JSON Schema without references: within OpenAPI they would point elsewhere."""
    if isinstance(shape, list):
        return [_inlined(one, definitions) for one in shape]
    if not isinstance(shape, dict):
        return shape
    if "$ref" in shape:
        rest = {key: value for key, value in shape.items() if key != "$ref"}
        return _inlined(definitions[shape["$ref"].rsplit("/", 1)[1]] | rest, definitions)
    return {key: _inlined(value, definitions) for key, value in shape.items() if key != "$defs"}


def _body() -> dict[str, Any]:
    shape = CaseIn.model_json_schema()
    return {
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": _inlined(shape, shape["$defs"])}},
        }
    }


async def _as_sent(request: Request) -> str:
    """The body as text: the door reads it itself, and refuses what parsers of JSON let pass."""
    try:
        return (await request.body()).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadRequest("The body is not text in UTF-8.") from None


@router.post("/preview", dependencies=[Requires(Permission.WITHDRAWALS_READ)], openapi_extra=_body())
def preview(
    _body_comes_before_the_connection: Annotated[Any, Body()],
    sent: Annotated[str, Depends(_as_sent)],
    db: Db,
    subject: CurrentSubject,
) -> RefundOut:
    """Compute the refund of a case; nothing is kept. 422 names what is wrong by its JSON path."""
    return RefundOut(**service.preview(db, subject, sent).as_record())
