"""Packets for inspectors, made by a worker."""

from typing import Any

from app.compliance.inspections import packet
from app.core.files import open_store
from app.core.jobs import task


@task("inspections.prepare", retry=False)
def prepare_packet(context: Any, inspection_id: int) -> None:
    """Make one packet; begun again after a killed worker, from the beginning."""
    known = context.additional_context
    packet.work(known["database"], open_store(known["settings"]), known["settings"], inspection_id)
