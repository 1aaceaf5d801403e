"""What the values of every dated policy have in common."""

from pydantic import BaseModel, ConfigDict


class Values(BaseModel):
    """Values that name nothing else, and that nobody changes in place."""

    model_config = ConfigDict(extra="forbid", frozen=True)
