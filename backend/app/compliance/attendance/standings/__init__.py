"""How students stand in attendance: last day, percentage, absences, late arrivals, and who is at risk."""
