"""Seals of the history: what was written can be changed only with a trace.

Every minute the entries that nobody can write among any more are sealed: a Merkle root over them, and a hash that
binds it to the seal before. A transaction that is still at work holds the seal back below its own number, so that no
entry is missed. Whoever verifies reads every entry again and names the first that is not as it was sealed.

What the chain cannot show by itself is that its newest seals, with their entries, were cut off: so the newest seal is
noted outside of the database too (a file beside the data, every report on paper), to be held against it.
"""
