"""What a program costs beside tuition."""
