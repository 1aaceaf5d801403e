"""Written lessons as packages that play in other learning systems: SCORM 1.2, SCORM 2004 and cmi5."""
