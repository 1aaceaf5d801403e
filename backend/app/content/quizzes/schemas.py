"""What the player of a quiz sends."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints


def _storable(text: str) -> str:
    """Raises ValueError for what no database keeps: NUL, and halves of characters."""
    if "\x00" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        raise ValueError("a character that cannot be saved")
    return text


_Id = Annotated[str, StringConstraints(min_length=1, max_length=32), AfterValidator(_storable)]
_Percent = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]


class Answer(BaseModel):
    """An answer of any kind: which of its parts a question has is its kind's business."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: _Id | None = None
    ids: Annotated[list[_Id], Field(max_length=50)] | None = None
    value: Annotated[str, StringConstraints(max_length=60), AfterValidator(_storable)] | None = None
    pairs: Annotated[dict[_Id, _Id], Field(max_length=50)] | None = None
    x: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False, strict=False)] | None = None
    y: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False, strict=False)] | None = None

    def given(self) -> dict[str, Any]:
        """What was answered, as it is kept; empty for an answer that was taken back."""
        return self.model_dump(exclude_none=True)


class AnswerIn(BaseModel):
    """An answer to one question of an attempt."""

    attempt: int = Field(ge=1, le=2**31 - 1)
    position: int = Field(ge=1, le=10_000)
    seq: int = Field(ge=1, le=2**53)
    """Counts up with each change of the answer."""
    answer: Answer
    check: bool = False
    """The student wants to know whether it is right; then it stays."""


class SubmitIn(BaseModel):
    """The end of an attempt."""

    attempt: int = Field(ge=0, le=2**31 - 1)
    answers: Annotated[dict[int, Answer], Field(max_length=500)] = {}
    """Of a preview alone, which keeps nothing on the server."""
