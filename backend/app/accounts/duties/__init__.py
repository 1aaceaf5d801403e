"""Duties: what people do at the school, given with dates beside the documented role."""
