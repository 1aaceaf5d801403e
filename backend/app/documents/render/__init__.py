"""Rendering: facts in, PDF/A-3a with PDF/UA-1 out, or one sentence that says why not."""
