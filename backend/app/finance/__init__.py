"""Money: what students owe, pay and get back."""

from app.core.constraints import register_conflict

register_conflict("fk_refunds_withdrawal_id", "This withdrawal has a refund and cannot be deleted.")
