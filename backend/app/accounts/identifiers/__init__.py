"""Social Security numbers and the like: sealed, masked, found by their exact value, shown whole for a reason."""
