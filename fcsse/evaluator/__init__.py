"""Who may do what with a key, and what says so: key policy, grants and key state, as KMS decides. Pure."""
