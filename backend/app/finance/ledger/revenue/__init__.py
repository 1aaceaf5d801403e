"""Deferred revenue: what was charged for hours that are still to be given."""
