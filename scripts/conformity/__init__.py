"""Holds the sandbox against recorded answers of real AWS, fact by fact."""
