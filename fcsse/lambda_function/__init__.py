"""What the Lambda function does: reading CloudTrail's events, deciding what it may do, and doing it."""
