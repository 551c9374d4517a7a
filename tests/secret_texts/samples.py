"""Texts that hold secrets, as AWS, botocore and URLs have them, with a secret of one's choice in each."""

from __future__ import annotations

ACCESS_KEY_ID = "AKIAIOSFODNN7EXAMPLE"
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
TOKEN = "FwoGZXIvYXdzEBYaDIexampletokenTHATmustNOTshow/+aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789=="

CANONICAL = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and "
    "signing method. Consult the service documentation for details.\n\nThe Canonical String for this request should have "
    "been\n'POST\n/\n\ncontent-type:application/x-amz-json-1.1\nhost:kms.eu-west-1.amazonaws.com\nx-amz-date:"
    "20261128T205853Z\nx-amz-security-token:{secret}\nx-amz-target:TrentService.GetKeyPolicy\n\ncontent-type;host\nabc'"
    "\n\nThe String-to-Sign should have been\n'AWS4-HMAC-SHA256\n20261128T205853Z\n20261128/eu-west-1/kms/aws4_request\n{secret}'\n"
)

AROUND = (
    CANONICAL,
    "The security token included in the request is invalid: x-amz-security-token: {secret}",
    "X-Amz-Security-Token={secret}",
    "Authorization=AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261128/kms, SignedHeaders=host, Signature={secret}",
    "not a valid key=value pair (missing equal-sign) in Authorization header: 'Bearer {secret}'.",
    "https://bucket.s3.amazonaws.com/key?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature={secret}&X-Amz-Expires=60",
    "https://bucket.s3.amazonaws.com/key?AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature={secret}&Expires=1",
    '{{"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "{secret}", "SessionToken": "{secret}"}}',
    "{{'Credentials': {{'SecretAccessKey': '{secret}', 'SessionToken': '{secret}'}}}}",
    '{{\\"SessionToken\\":\\"{secret}\\"}}',
    "<Credentials><SecretAccessKey>{secret}</SecretAccessKey><SessionToken>{secret}</SessionToken></Credentials>",
    "<Error><Code>SignatureDoesNotMatch</Code><StringToSign>{secret}</StringToSign><SignatureProvided>{secret}</SignatureProvided>",
    "aws_secret_access_key = {secret}",
    "AWS_SESSION_TOKEN={secret}",
    "password={secret}",
    'Failed to connect to proxy URL: "http://alice:{secret}@proxy.example:3128"',
    'Could not connect to the endpoint URL: "https://alice:{secret}@kms.example/"',
    "Invalid endpoint: alice:{secret}@kms.example",
    'Could not connect to the endpoint URL: "https://kms.example/?any={secret}#{secret}"',
    "Custom endpoint `https://kms.example/?any={secret}` was not a valid URI",
    'Failed to connect to proxy URL: "http://alice:1234/{secret}@proxy.example:3128"',
    'Failed to connect to proxy URL: "http://alice:12#@{secret}@proxy.example:3128"',
    'Failed to connect to proxy URL: "http://alice:12@/{secret}@proxy.example:3128"',
    'Could not connect to the endpoint URL: "https://alice:12@?{secret}@kms.example/path"',
    'Could not connect to the endpoint URL: "http://alice:a b{secret}@kms.example/"',
    'Read timeout on endpoint URL: "http://alice:a\'<"{secret}@kms.example/"',
    "'{secret}' does not appear to be an IPv4 or IPv6 address",
    "Port could not be cast to integer value as '{secret}'",
    "An HTTP Client raised an unhandled exception: Failed to parse: 'alice:{secret}' is not a valid host or port",
    "nonnumeric port: '{secret}'",
    "X-Amz-Signature%3D{secret}%26X-Amz-Expires%3D60",
    "https%3A%2F%2Fb.s3.amazonaws.com%2Fk%3FX-Amz-Expires%3D60%26X-Amz-Security-Token%253D{secret}%2526a%3Db",
    "https%3A%2F%2Falice%3A{secret}%40kms.example%2Fpath",
    '{{"SecretAccessKey"      :\n          "{secret}"}}',
    '{{"password": "a\\"{secret}"}}',
    "<sts:SecretAccessKey>{secret}</sts:SecretAccessKey>",
    '<SessionToken type="string">{secret}</SessionToken>',
    "<SessionToken><![CDATA[{secret}]]></SessionToken>",
    "&lt;SessionToken&gt;{secret}&lt;/SessionToken&gt;",
    "external_id = {secret}",
    "1 validation error detected: Value '{secret}' at 'externalId' failed to satisfy constraint: Member must satisfy regular "
    "expression pattern: [\\w+=,.@:\\/-]*",
    "1 validation error detected: Value 'a {secret}' at 'tokenCode' failed to satisfy constraint: Member must have length 6",
    "Action=AssumeRoleWithWebIdentity&WebIdentityToken={secret}&Version=2011-06-15",
    "SAMLAssertion={secret}",
    "x-aws-ec2-metadata-token: {secret}",
    "[('x-amz-security-token', '{secret}')]",
    "AWS_BEARER_TOKEN_BEDROCK={secret}",
    "Proxy-Authorization: Negotiate {secret}",
    "{{'deviceCode': '{secret}'}}",
    "alice:{secret}@proxy.example:3128",
    "Source contains parsing errors: 'credentials'\n\t[line  2]: 'aws_secret_access_key  {secret}\\n'",
    "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got "
    "'{secret}/20261128/us-east-1/kms/aws4_request'",
    "An HTTP Client raised an unhandled exception: Invalid header value b'aoaAAAAA\n{secret}'",
    "Error when retrieving credentials from custom-process: vault: cannot log in as alice with {secret}\nstack: {secret}\n",
)
"""``{secret}`` stands for a secret; other braces are doubled."""

HARMLESS = (
    "the request lacks Authorization: see the reference of the service, version 20261128",
    "reading the default encryption of bucket data-other-secret: the caller may not call s3:GetEncryptionConfiguration",
    "reading bucket my.password: there is no such bucket",
    "linking fc-0123 to data: reading the policy of key 1234abcd-12ab-34cd-56ef-1234567890ab",
    "arn:aws:iam::111122223333:role/aws-service-role/s3.data-source.lustre.fsx.amazonaws.com/AWSServiceRoleForFSxS3Access_fc-0123",
    "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_AdministratorAccess_0123456789abcdef/alice@example.com",
    "User: arn:aws:iam::111122223333:user/alice is not authorized to perform: kms:PutKeyPolicy on resource: "
    "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab because no resource-based policy allows it",
    "grant 9a4a1c8d0f0b4f6e9a4a1c8d0f0b4f6e9a4a1c8d0f0b4f6e9a4a1c8d0f0b4f6e on the key",
    "commit 0123456789abcdef0123456789abcdef01234567, digest 1f6d0a27c9b35e84",
    "The new key policy will not allow you to update the key policy in the future.",
    'Could not connect to the endpoint URL: "http://127.0.0.1:4566/"',
    'Could not connect to the endpoint URL: "http://127.0.0.1:4566/data/file"; write to alice@example.com',
    "Failed to parse: https://kms.example:x",
    "https://vpce-0123-abcd.kms.eu-west-1.vpce.amazonaws.com:443/path",
    "Renew them (aws sso login, aws configure, or the job's role) and run the command again.",
    "Name a profile with --profile, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
    "the secret key does not fit the access key",
    "repo:ORG@123/REPO@456:ref:refs/heads/main",
    "1 validation error detected: Value 'alias/ä' at 'keyId' failed to satisfy constraint: Member must have length less than or equal to 2048",
    "the bucket policy allows it under sts:ExternalId equal to 12345",
    "s3://data/Team/Project1/Region/Import/Archive/Old12/2026",
    "fcsse restore 20261128T205853417Z-67890abc-dc7233 --backup-dir '/tmp/with space'",
    "AROAEXAMPLEID12345678 in statement 'Allow use of the key'",
    "Error when retrieving credentials from custom-process: Version '2' not supported for credential process provider, "
    "supported versions: 1",
)
