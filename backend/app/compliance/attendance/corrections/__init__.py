"""Corrections of hours: one person asks with a reason, somebody else decides, and what was stays beside what is."""
