"""Rows of an issued transcript, and of what stands beside it."""

import json
from datetime import timedelta
from uuid import uuid4

from sqlalchemy.orm import Session

from app.core import clock
from app.db.models import (
    Enrollment,
    IssuedDocument,
    Transcript,
    TranscriptBatch,
    TranscriptContent,
    TranscriptDelivery,
    TranscriptHold,
    TranscriptRequest,
)


def transcribed(session: Session, enrollment: Enrollment, serial: int) -> dict[str, int]:
    """A transcript with a delivery, a request that waits, a hold that was lifted and a batch: numbers.

    The document is void, because the file of a valid one would have to be in a store.
    """
    document = IssuedDocument(
        kind="transcript", year=2026, serial=serial, number=f"TR-2026-{serial:06}", status="void",
        void_reason="A test", student_id=enrollment.user_id, enrollment_id=enrollment.id, request=uuid4(),
    )  # fmt: skip
    transcript = Transcript(
        user_id=enrollment.user_id, program_id=enrollment.program_id, generated_at=clock.now()
    )
    session.add_all([document, transcript])
    session.flush()
    content = {
        "issued_on": "2026-05-04",
        "program": {"name": "A program"},
        "school": {"legal_name": "A school"},
    }
    delivery = TranscriptDelivery(
        document_id=document.id, method="link", recipient="A college", token_hash=f"{serial:064}",
        expires_at=clock.now() + timedelta(days=30),
    )  # fmt: skip
    request = TranscriptRequest(
        user_id=enrollment.user_id, enrollment_id=enrollment.id, delivery="paper", recipient="A college",
        recipient_address="1 College Road", purpose="Transfer", consent="I consent.", consented_at=clock.now(),
    )  # fmt: skip
    hold = TranscriptHold(user_id=enrollment.user_id, reason="The balance was due.", lifted_at=clock.now())
    batch = TranscriptBatch(program_id=enrollment.program_id, title="A program", finished_at=clock.now())
    session.add_all(
        [
            TranscriptContent(
                transcript_id=transcript.id,
                document_id=document.id,
                enrollment_id=enrollment.id,
                student_name="A student",
                content=json.dumps(content),
                code_hash=f"{serial:064}",
            ),
            delivery,
            request,
            hold,
            batch,
        ]
    )
    session.flush()
    return {
        "transcript_document_id": document.id,
        "delivery_id": delivery.id,
        "transcript_request_id": request.id,
        "hold_id": hold.id,
        "batch_id": batch.id,
        "serial": serial,
    }
