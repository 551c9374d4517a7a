#!/bin/sh
# Links a cache to its bucket's key with the AWS CLI and jq, as a careful person would: looks before writing, keeps the
# old policy, reads back. Usage: by_hand.sh CACHE BUCKET
set -eu
cache=$1 bucket=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Who am I, and does the cache stand?
account=$(aws sts get-caller-identity --query Account --output text)
aws fsx describe-file-caches --file-cache-ids "$cache" --query 'FileCaches[0].Lifecycle' --output text >/dev/null
aws fsx describe-data-repository-associations --filters "Name=file-cache-id,Values=$cache" --output json |
    jq -e --arg bucket "$bucket" 'any(.Associations[]; .DataRepositoryPath | startswith("s3://\($bucket)/"))' >/dev/null
# Its role, by its exact name.
role=$(aws iam list-roles --path-prefix /aws-service-role/s3.data-source.lustre.fsx.amazonaws.com/ --output json |
    jq -er --arg name "AWSServiceRoleForFSxS3Access_$cache" '.Roles[] | select(.RoleName == $name).Arn')
# The bucket: mine, where, encrypted how?
aws s3api head-bucket --bucket "$bucket" --expected-bucket-owner "$account" >/dev/null
region=$(aws s3api get-bucket-location --bucket "$bucket" --output json | jq -r '.LocationConstraint // "us-east-1"')
aws s3api get-bucket-encryption --bucket "$bucket" --output json >"$work/encryption.json"
rule='.ServerSideEncryptionConfiguration.Rules[0]'
key=$(jq -er "$rule.ApplyServerSideEncryptionByDefault.KMSMasterKeyID" "$work/encryption.json")
suffix=$(jq -r "if $rule.BucketKeyEnabled then \"\" else \"/*\" end" "$work/encryption.json")
# The key.
key=$(aws kms describe-key --region "$region" --key-id "$key" --output json |
    jq -er '.KeyMetadata | select(.KeyManager == "CUSTOMER" and .KeyState == "Enabled").Arn')
aws kms get-key-policy --region "$region" --key-id "$key" --policy-name default --query Policy --output text >"$work/before.json"
jq --arg role "$role" --arg account "$account" --arg via "s3.$region.amazonaws.com" \
    --arg sid "Allow access through S3 for $cache to $bucket" --arg context "arn:aws:s3:::$bucket$suffix" '
    .Statement += [{
        Sid: $sid, Effect: "Allow", Principal: {AWS: $role},
        Action: ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
        Resource: "*",
        Condition: {
            StringEquals: {"kms:CallerAccount": $account, "kms:ViaService": $via},
            StringLike: {"kms:EncryptionContext:aws:s3:arn": $context}
        }
    }]' "$work/before.json" >"$work/after.json"
aws kms put-key-policy --region "$region" --key-id "$key" --policy-name default --policy "file://$work/after.json"
aws kms get-key-policy --region "$region" --key-id "$key" --policy-name default --query Policy --output text |
    jq -e --arg role "$role" 'any(.Statement[]; .Principal.AWS? == $role)' >/dev/null
