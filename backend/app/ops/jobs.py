"""What operators set going and nobody waits for."""

from typing import Any

from app.core.jobs import task
from app.ops.telling import tell_history as tell


@task("ops.tell_history")
def tell_history(context: Any) -> None:
    """Tell the record store of the school's history."""
    known = context.additional_context
    tell(known["database"], known["settings"].zone)
