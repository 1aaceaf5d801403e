"""Classes: what is taught when and where, by whom, to whom."""
