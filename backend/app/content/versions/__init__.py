"""Which version of a lesson’s content each student is on, and moving them."""
