"""Give an Amazon File Cache or FSx for Lustre file system access to the KMS key of its S3 bucket."""

__version__ = "0.1.0"
