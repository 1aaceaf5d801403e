"""The roles of the database: who they are, what each may, and how a database is brought to that."""
