"""Hours added up: read from the totals that the database keeps beside the records, and compared with them."""
