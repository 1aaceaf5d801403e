"""Payment plans: installments that a student agreed to, reminders of them, and what a late one costs."""
