"""Sites, their signed agreements and supervisors, and the rubrics that supervisors evaluate by."""
