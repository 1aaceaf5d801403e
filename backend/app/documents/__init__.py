"""Documents that must last: rendered with Typst, signed with pyHanko, numbered, kept for good."""
