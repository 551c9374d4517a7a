"""Campaigns: programs that try to make fcsse do harm, print figures, and exit with 1 where it did."""
