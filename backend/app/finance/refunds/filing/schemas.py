"""Forms that file a version of the refund policy, or settle its open points."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, create_model

from app.rules.refunds_open_points import POINTS
from app.web.field_types import Day, Line, OptionalDay, Text


class _Head(BaseModel):
    """What both have beside their values. `seen` names the values whose worked examples were shown."""

    effective_from: Annotated[Day, Field(title="Effective from")]
    approved_by: Annotated[Line, Field(title="Approved by", max_length=120)]
    note: Annotated[Text, Field(title="Note", max_length=2000)] = ""
    seen: Annotated[str, Field(max_length=64)] = ""


class PolicyForm(_Head):
    """A version as typed. Numbers may be left empty: the policy itself reads and checks them."""

    rule: Annotated[
        Literal["gnpec-current", "gnpec-tiers", "standard-nine", "filed"], Field(title="Rule")
    ] = "filed"
    policy_name: Annotated[Line, Field(title="Name", max_length=120)] = ""
    clause: Annotated[Text, Field(title="The rule in words", max_length=2000)] = ""
    schedule: Annotated[Literal["pro_rata", "tiers", "weekly"], Field(title="Schedule")] = "pro_rata"
    tiers: Annotated[str, Field(title="Steps", max_length=2000)] = ""
    nothing_from_percent: Annotated[str, Field(title="No refund from", max_length=20)] = ""
    step_percent: Annotated[str, Field(title="Rounded up to", max_length=20)] = ""
    window_hours: Annotated[str, Field(title="Hours to cancel", max_length=20)] = ""
    window_business_days: Annotated[str, Field(title="Business days to cancel", max_length=20)] = ""
    window_returns: Annotated[
        Literal["all_but_retained", "all_paid"], Field(title="Canceled in that time")
    ] = "all_but_retained"
    application_fee_cap_dollars: Annotated[
        str, Field(title="Maximum application fee kept", max_length=20)
    ] = ""
    due_days: Annotated[int, Field(title="Days until a refund is due", ge=1, le=365)] = 45
    last_day: Annotated[OptionalDay, Field(title="Last day for signing under it")] = None


SettingsForm: type[_Head] = create_model(
    "SettingsForm",
    __base__=_Head,
    **{  # type: ignore[call-overload]
        name: (Annotated[Literal[tuple(one.choices)], Field(title=one.title)], one.default)
        for name, one in POINTS.items()
    },
)
HEAD = frozenset(_Head.model_fields)
