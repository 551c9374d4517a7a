"""What CloudTrail recorded, as values: events, versions of key policies, uses of keys, and what they say of a verdict."""
