"""Statements added up by quarter hour, for the charts: followed from the statements, compared with them, rebuilt."""
