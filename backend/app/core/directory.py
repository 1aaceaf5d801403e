"""Directory information: may anybody outside the school learn of this student at all?

A student may say that the school gives out nothing about them, not even that they studied here (FERPA, 34 CFR 99.37).
Every page, link and list that somebody outside can see asks here, and shows nothing of those who said so: public
verification, shared credentials, lists for employers. Who holds a document and shows it themselves is another matter.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

# A light description of the table: core stands below the models.
_opt_outs = sa.table(
    "directory_opt_outs",
    sa.column("student_id", sa.Integer),
    sa.column("ended_at", sa.DateTime(timezone=True)),
)


def may_publish(session: Session, student_id: int) -> bool:
    """Whether pages and lists for outsiders may show this student."""
    hidden = sa.select(_opt_outs.c.student_id).where(
        _opt_outs.c.student_id == student_id, _opt_outs.c.ended_at.is_(None)
    )
    return session.execute(hidden.limit(1)).first() is None


def publishable(column: Any) -> sa.ColumnElement[bool]:
    """The condition that a column of account numbers holds somebody whom lists for outsiders may show."""
    return ~sa.exists().where(_opt_outs.c.student_id == column, _opt_outs.c.ended_at.is_(None))
