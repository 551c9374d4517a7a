"""From facts and a wish to a plan: changes, warnings, what stands in the way, and a digest. Pure."""
