"""Daily closing: a day's cash is counted, and nothing is posted to that day any more."""
