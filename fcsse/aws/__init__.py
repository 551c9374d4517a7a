"""The only place that knows botocore: verbs in our words, failures turned into this project's errors."""
