"""What a list of attendance may be asked for in its query string."""

from typing import Annotated

from fastapi import Depends, Query

from app.compliance.attendance.schemas import AttendanceFilter, OptionalState
from app.web.field_types import OptionalDay, OptionalId, days_in_order


def _filters(
    user_id: Annotated[OptionalId, Query(description="Only this student.")] = None,
    enrollment_id: Annotated[OptionalId, Query(description="Only hours of this enrollment.")] = None,
    first: Annotated[OptionalDay, Query(alias="from", description="First day, at the school.")] = None,
    last: Annotated[OptionalDay, Query(alias="to", description="Last day, at the school.")] = None,
    state: Annotated[OptionalState, Query(description="open, complete or needs_correction.")] = None,
) -> AttendanceFilter:
    days_in_order(first, last)
    return AttendanceFilter(user_id, enrollment_id, first, last, state)


Filters = Annotated[AttendanceFilter, Depends(_filters)]
"""Declare `wanted: Wanted` in a route. Values that make no sense end in 422 with a sentence."""
