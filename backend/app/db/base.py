"""The declarative base and the naming of constraints."""

from datetime import datetime
from typing import Annotated

from sqlalchemy import DateTime, MetaData, func
from sqlalchemy.orm import DeclarativeBase, mapped_column

NAMING = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ix": "idx_%(table_name)s_%(column_0_name)s",
    "ck": "%(constraint_name)s",
}


class Base(DeclarativeBase):
    """Base of every model. The words under each column are its documentation (docs/database.md)."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {datetime: DateTime(timezone=True)}  # noqa: RUF012 - SQLAlchemy's own contract


CreatedAt = Annotated[datetime, mapped_column(server_default=func.now())]
"""When the row was written; set by the database."""
