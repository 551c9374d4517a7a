"""One package or module for each command beyond link and unlink."""
