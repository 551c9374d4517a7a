#!/bin/sh
# The least that links a cache to its bucket's key with the AWS CLI and jq: trusts what the caller says, looks at nothing
# twice. Usage: by_hand_short.sh CACHE BUCKET
set -eu
cache=$1 bucket=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

role=$(aws iam get-role --role-name "AWSServiceRoleForFSxS3Access_$cache" --query Role.Arn --output text)
account=$(printf %s "$role" | cut -d: -f5)
aws s3api get-bucket-encryption --bucket "$bucket" --output json >"$work/encryption.json"
rule='.ServerSideEncryptionConfiguration.Rules[0]'
key=$(jq -er "$rule.ApplyServerSideEncryptionByDefault.KMSMasterKeyID" "$work/encryption.json")
suffix=$(jq -r "if $rule.BucketKeyEnabled then \"\" else \"/*\" end" "$work/encryption.json")
region=$(printf %s "$key" | cut -d: -f4)
aws kms get-key-policy --region "$region" --key-id "$key" --policy-name default --query Policy --output text |
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
    }]' >"$work/after.json"
aws kms put-key-policy --region "$region" --key-id "$key" --policy-name default --policy "file://$work/after.json"
