"""Reading a course package: the zip, its manifest, and which standard it follows. No database, no HTTP."""
