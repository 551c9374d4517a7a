"""The least IAM policy that the caller of a command needs, and what owners of other accounts add. Pure."""
