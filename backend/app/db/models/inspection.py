"""Inspections by an authority: which students' complete files it was given, and the packet they left in."""

from datetime import date, datetime

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base


class InspectionPacket(Base):
    """One packet of complete student files that was prepared for an inspector, by a worker."""

    __tablename__ = "inspection_packets"
    __table_args__ = (
        Index("idx_inspection_packets_asked_by", "asked_by"),
        Index("idx_inspection_packets_disclosure_id", "disclosure_id"),
        CheckConstraint(
            "(seed IS NULL) = (drawn_from IS NULL) AND (seed IS NULL) = (drawn_among IS NULL)",
            name="check_inspection_packets_draw",
        ),
        CheckConstraint(
            "drawn_among IN ('everyone', 'active', 'left')", name="check_inspection_packets_among"
        ),
        CheckConstraint("cardinality(candidates) = drawn_from", name="check_inspection_packets_candidates"),
        CheckConstraint("drawn_from > 0", name="check_inspection_packets_drawn_from"),
        CheckConstraint("packet_sha256 ~ '^[0-9a-f]{64}$'", name="check_inspection_packets_sha256"),
        CheckConstraint(
            "(packet_sha256 IS NULL) = (packet_bytes IS NULL) AND (packet_sha256 IS NULL) = (expires_at IS NULL)"
            " AND (packet_sha256 IS NULL) = (disclosure_id IS NULL)",
            name="check_inspection_packets_packet",
        ),
        CheckConstraint(
            "(finished_at IS NULL AND packet_sha256 IS NULL AND problem IS NULL)"
            " OR (finished_at IS NOT NULL AND (packet_sha256 IS NULL) <> (problem IS NULL))",
            name="check_inspection_packets_outcome",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the inspection."""
    inspector: Mapped[str] = mapped_column(Text)
    """The person who inspects."""
    agency: Mapped[str] = mapped_column(Text)
    """For whom: the authority."""
    reference: Mapped[str | None] = mapped_column(Text)
    """The authority's own number or letter."""
    made_on: Mapped[date]
    """The day, at the school."""
    seed: Mapped[str | None] = mapped_column(String(64))
    """What the random draw began from, for one that was drawn; the draw can be repeated with it."""
    drawn_among: Mapped[str | None] = mapped_column(String(10))
    """Among whom: everyone, students who are active, or those who left."""
    drawn_from: Mapped[int | None]
    """Among how many students it was drawn."""
    candidates: Mapped[list[int] | None] = mapped_column(ARRAY(Integer))
    """The numbers of the students it was drawn from; empty without a draw, and for packets of earlier versions."""
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who asked for it."""
    asked_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When."""
    finished_at: Mapped[datetime | None]
    """When the packet was ready, or it was clear that there is none."""
    problem: Mapped[str | None] = mapped_column(Text)
    """Why there is none."""
    packet_sha256: Mapped[str | None] = mapped_column(String(64))
    """The stored file."""
    packet_bytes: Mapped[int | None] = mapped_column(BigInteger)
    """Its size."""
    expires_at: Mapped[datetime | None]
    """Until when it can be downloaded."""
    disclosure_id: Mapped[int | None] = mapped_column(ForeignKey("disclosures.id", ondelete="RESTRICT"))
    """The entry of the disclosure log."""


class InspectedStudent(Base):
    """One student of an inspection: still to do, or in the packet."""

    __tablename__ = "inspected_students"
    __table_args__ = (
        Index("idx_inspected_students_student_id", "student_id"),
        CheckConstraint(
            "(done_at IS NULL AND files IS NULL AND problem IS NULL)"
            " OR (done_at IS NOT NULL AND (files IS NULL) <> (problem IS NULL))",
            name="check_inspected_students_outcome",
        ),
    )

    inspection_id: Mapped[int] = mapped_column(
        ForeignKey("inspection_packets.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    """The inspection."""
    student_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    """The student."""
    place: Mapped[int]
    """In which order they were drawn or named."""
    drawn: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether the draw chose them, and not the inspector."""
    done_at: Mapped[datetime | None]
    """When their file was through."""
    files: Mapped[int | None]
    """How many files theirs has."""
    problem: Mapped[str | None] = mapped_column(Text)
    """Why it is not in the packet: in packets of earlier versions, which left out whose account was deleted."""
