"""The shape of a target, in the form."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from app.web.field_types import Line, one_line

Address = Annotated[str, StringConstraints(max_length=2000), AfterValidator(one_line)]
"""A web address or an IRI."""


class ForwarderForm(BaseModel):
    """Another LRS to pass statements on to. An empty secret keeps the one there is."""

    label: Annotated[Line, Field(max_length=200, title="Name")]
    endpoint: Annotated[Address, Field(title="Endpoint")]
    username: Annotated[Line, Field(max_length=255, title="Key")]
    password: Annotated[str, Field(max_length=1000, title="Secret")] | None = None
    version: Literal["1.0.3", "2.0.0"] = "1.0.3"
    verb: Address | None = None
    activity: Address | None = None
    from_the_beginning: bool = False


class NewForwarderForm(ForwarderForm):
    """A target that is new: it needs its secret."""

    password: Annotated[str, Field(max_length=1000, title="Secret")]
