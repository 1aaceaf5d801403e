"""Shapes of API keys, in the API and in forms."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Row

from app.db.models import XapiCredential
from app.lrs.desk.keys.service import NewSecret
from app.web.field_types import Line

Scope = Literal[
    "all",
    "all/read",
    "statements/read",
    "statements/read/mine",
    "statements/write",
    "state",
    "profile",
    "define",
]


class KeyForm(BaseModel):
    """An API key to make."""

    label: Annotated[Line, Field(max_length=200, title="Name")]
    scopes: Annotated[list[Scope], Field(min_length=1, title="Permissions")]
    rate_limit_per_minute: Annotated[int, Field(ge=1, le=10_000_000)] | None = None


class KeyOut(BaseModel):
    """An API key without its secret."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    key: str
    label: str
    scopes: list[str]
    rate_limit_per_minute: int | None
    created_at: datetime
    rotated_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


class NewKeyOut(KeyOut):
    """An API key with its secret, which is shown this one time."""

    secret: str
    endpoint: str

    @classmethod
    def of(cls, made: NewSecret, app_origin: str) -> "NewKeyOut":
        shown = KeyOut.model_validate(made.api_key)
        return cls(**shown.model_dump(), secret=made.secret, endpoint=f"{app_origin}/xapi")


class LaunchOut(BaseModel):
    """A learner's token for one session with one piece of content."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    key: str
    user_id: int | None
    activity: str | None
    registration: UUID | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None

    @classmethod
    def of(cls, row: Row[tuple[XapiCredential, str | None]]) -> "LaunchOut":
        return cls.model_validate(row[0])
