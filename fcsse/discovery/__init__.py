"""From the pairs that are meant to the facts about them: each role, bucket and key is read once, side by side."""
