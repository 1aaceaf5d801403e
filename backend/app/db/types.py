"""Types of PostgreSQL that SQLAlchemy does not know."""

from collections.abc import Callable
from typing import Any

from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.types import UserDefinedType


class Xid8(UserDefinedType[int]):
    """A transaction's number, 64 bits: it never wraps around."""

    cache_ok = True

    def get_col_spec(self, **_options: Any) -> str:
        return "xid8"

    def result_processor(self, _dialect: Any, _coltype: Any) -> Callable[[Any], int | None]:
        return lambda value: None if value is None else int(value)


ischema_names["xid8"] = Xid8
