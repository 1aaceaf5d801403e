"""Administration of people: list, invite, edit, delete, restore."""
