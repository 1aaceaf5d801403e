"""What a student who leaves gets back: one calculation, behind one documented door."""
