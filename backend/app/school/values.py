"""What the values of every dated policy have in common."""

from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict


class Values(BaseModel):
    """Values that name nothing else, and that nobody changes in place."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def why_not_from(self, _day: date) -> str | None:
        """Why a version with these values cannot begin on a day; None where it can."""
        return None

    def taken_over(self) -> dict[str, Any]:
        """What the next version has where it does not say otherwise."""
        return self.model_dump(mode="json")
