"""From a plan to what AWS then holds: locks, backups, puts, grants, and reading back what was written."""
