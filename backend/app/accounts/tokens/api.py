"""JSON routes of API tokens."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from app.accounts.schemas import LONGEST_TOKEN_DAYS
from app.accounts.tokens import service
from app.core.permissions import Permission, Subject
from app.db.models import ApiToken
from app.web.field_types import Line, PathId
from app.web.request import CurrentSubject, Db

router = APIRouter(prefix="/api/v1/tokens", tags=["Accounts"])


class TokenIn(BaseModel):
    """A token to make. Without `scopes` it gets all permissions that the owner has today, and none that come later."""

    name: Annotated[Line, Field(max_length=100)]
    lifetime_days: Annotated[int, Field(ge=1, le=LONGEST_TOKEN_DAYS)] = 90
    scopes: frozenset[Permission] | None = None
    read_only: bool = False


class TokenOut(BaseModel):
    """A token without its secret."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    hint: str
    scopes: list[str]
    read_only: bool
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


class NewTokenOut(TokenOut):
    """A token with its secret, which is shown this one time."""

    secret: str

    @classmethod
    def of(cls, token: ApiToken, secret: str) -> "NewTokenOut":
        shown = TokenOut.model_validate(token)
        return cls(**shown.model_dump(), secret=secret)


@router.get("", summary="One's own tokens")
def tokens(session: Db, subject: CurrentSubject) -> list[TokenOut]:
    return [TokenOut.model_validate(token) for token in service.list_tokens(session, subject)]


@router.post("", status_code=201, summary="Create a token; the secret is shown once")
def create_token(session: Db, subject: CurrentSubject, given: TokenIn) -> NewTokenOut:
    """Not possible with a token: sign in with the password."""
    return NewTokenOut.of(*make(session, subject, given))


def make(session: Session, subject: Subject, given: TokenIn) -> tuple[ApiToken, str]:
    """The token that was asked for, and its clear text."""
    return service.create_token(
        session, subject, given.name, given.lifetime_days, scopes=given.scopes, read_only=given.read_only
    )


@router.delete("/{token_id}", status_code=204, summary="Revoke one of one's own tokens")
def revoke_token(session: Db, subject: CurrentSubject, token_id: PathId) -> None:
    service.revoke_token(session, subject, token_id)
