"""What ``link`` would add, written for infrastructure as code and for the AWS CLI. Pure: text in, text out."""
