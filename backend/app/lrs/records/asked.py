"""The filters of the statement pages, from the query string."""

from typing import Annotated

from fastapi import Depends, Query

from app.core.errors import Invalid
from app.lrs.records.service import Asked

_Short = Annotated[str, Query(max_length=2000)]


def _asked(
    person: _Short = "",
    verb: _Short = "",
    activity: _Short = "",
    since: Annotated[str, Query(max_length=40)] = "",
    until: Annotated[str, Query(max_length=40)] = "",
    registration: Annotated[str, Query(max_length=40)] = "",
) -> Asked:
    found = Asked(
        person.strip(), verb.strip(), activity.strip(), since.strip(), until.strip(), registration.strip()
    )
    if any("\x00" in text for text in (found.person, found.verb, found.activity)):
        raise Invalid("A filter contains a character that cannot be stored.")
    return found


AskedFor = Annotated[Asked, Depends(_asked)]
"""Declare `asked: AskedFor` in a route."""
Key = Annotated[int | None, Query(ge=0, le=9_223_372_036_854_775_806)]
