"""Does the real AWS answer as the sandbox assumes? For somebody with a real account; see ``scripts/live-check --help``."""
