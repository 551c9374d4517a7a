"""What is generated in README.md and beside it."""
