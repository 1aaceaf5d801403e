"""Balances as other rooms ask for them, and whether they agree with the postings."""
