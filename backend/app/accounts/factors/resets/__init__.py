"""Lost factors: two administrators agree to remove them, or the operator does on the server."""
