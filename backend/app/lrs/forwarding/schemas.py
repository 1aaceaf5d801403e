"""The shape of a target, in the form."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from app.web.fields import Line

Long = Annotated[Line, Field(max_length=2000)]


class ForwarderForm(BaseModel):
    """Another record store to pass statements on to. An empty secret keeps the one there is."""

    label: Annotated[Line, Field(max_length=200, title="Name")]
    endpoint: Annotated[Long, Field(title="Endpoint")]
    username: Annotated[Line, Field(max_length=255, title="Key")]
    password: Annotated[str, Field(max_length=1000, title="Secret")] | None = None
    version: Literal["1.0.3", "2.0.0"] = "1.0.3"
    verb: Long | None = None
    activity: Long | None = None
    from_the_beginning: bool = False


class NewForwarderForm(ForwarderForm):
    """A target that is new: it needs its secret."""

    password: Annotated[str, Field(max_length=1000, title="Secret")]
