"""SCORM 2004 sequencing: which activity of a course is next, and what its parts amount to together.

Source: SCORM 2004 4th Edition Sequencing and Navigation (ADL, 2009), whose pseudo-code the functions follow under the
names it gives them (`SB.2.3`, `RB.1.1`). The errata of the 3rd edition are the same there.

`model` is what a manifest asks for, `state` what is known of a student's way through it; both are plain data. Nothing
here knows a database, a browser or a clock.
"""
