"""The condition keys that AWS has, with the type of each: which may hold several values, and which do not exist.

Sources: IAM user guide, "AWS global condition context keys"; service authorization reference, "Condition keys for AWS Key
Management Service" and "Condition keys for Amazon S3" (read 2026-11). AWS adds keys: one that is not listed here is
reported as a probable slip, and its value stays unknown.
"""

from __future__ import annotations

from enum import Enum
from functools import lru_cache
from typing import Final


class KeyType(Enum):
    """What values a condition key has."""

    STRING = "string"
    STRINGS = "strings"
    ARN = "arn"
    BOOL = "bool"
    NUMBER = "number"
    DATE = "date"
    ADDRESS = "address"


_STRING = """
aws:CalledViaAWSMCP aws:CalledViaFirst aws:CalledViaLast aws:Ec2InstanceSourceVpc aws:FederatedProvider
aws:PrincipalAccount aws:PrincipalOrgID aws:PrincipalServiceName aws:PrincipalType aws:Referer aws:RequestedRegion
aws:ResourceAccount aws:ResourceOrgID aws:SourceAccount aws:SourceIdentity aws:SourceOrgID aws:SourceOwner aws:SourceVpc
aws:SourceVpce aws:UserAgent aws:VpceAccount aws:VpceOrgID aws:userid aws:username
glue:CredentialIssuingService glue:RoleAssumedBy identitystore:UserId sts:ExternalId sts:RoleSessionName
sts:SourceIdentity
kms:CallerAccount kms:CustomerMasterKeySpec kms:CustomerMasterKeyUsage kms:DataKeyPairSpec kms:EncryptionAlgorithm
kms:ExpirationModel kms:GrantConstraintType kms:GranteePrincipal kms:GranteeServicePrincipal kms:KeyAgreementAlgorithm
kms:KeyOrigin kms:KeySpec kms:KeyUsage kms:MacAlgorithm kms:MessageType kms:MultiRegionKeyType kms:PolicyName
kms:PrimaryRegion kms:ReplicaRegion kms:RequestAlias kms:RetiringPrincipal kms:RetiringServicePrincipal
kms:SigningAlgorithm kms:ViaService kms:WrappingAlgorithm kms:WrappingKeySpec
s3:AccessGrantScope s3:AccessGrantsLocationScope s3:AccessPointNetworkOrigin s3:DataAccessPointAccount
s3:ExistingJobOperation s3:JobSuspendedCause s3:LocationConstraint s3:RequestJobOperation s3:ResourceAccount
s3:VersionId s3:annotation-prefix s3:authType s3:delimiter s3:destinationRegion s3:if-match s3:if-none-match s3:logType
s3:object-lock-event-hold s3:object-lock-legal-hold s3:object-lock-mode s3:prefix s3:signatureversion s3:x-amz-acl
s3:x-amz-bucket-namespace s3:x-amz-content-sha256 s3:x-amz-copy-source s3:x-amz-grant-full-control s3:x-amz-grant-read
s3:x-amz-grant-read-acp s3:x-amz-grant-write s3:x-amz-grant-write-acp s3:x-amz-metadata-directive
s3:x-amz-object-annotation-directive s3:x-amz-object-if-match s3:x-amz-object-ownership s3:x-amz-server-side-encryption
s3:x-amz-server-side-encryption-customer-algorithm s3:x-amz-storage-class s3:x-amz-website-redirect-location
"""
_STRINGS = """
aws:CalledVia aws:PrincipalOrgPaths aws:PrincipalServiceNamesList aws:ResourceOrgPaths aws:SourceOrgPaths aws:TagKeys
aws:VpceOrgPaths kms:EncryptionContextKeys kms:GrantOperations kms:ResourceAliases s3:InventoryAccessibleOptionalFields
s3:RequestObjectTagKeys
"""
_ARN = """
aws:ChatbotSourceArn aws:PrincipalArn aws:SourceArn aws:SourceVpcArn ec2:SourceInstanceArn kms:GrantConstraintSourceArn
lambda:SourceFunctionArn ssm:SourceInstanceArn s3:AccessGrantsInstanceArn s3:DataAccessPointArn s3:deliverySourceArn
s3:resourceArnBeingAuthorized s3:x-amz-server-side-encryption-aws-kms-key-id
"""
_BOOL = """
aws:AssumedRoot aws:IsMcpServiceAction aws:MultiFactorAuthPresent aws:PrincipalIsAWSService aws:SecureTransport
aws:ViaAWSMCPService aws:ViaAWSService kms:BypassPolicyLockoutSafetyCheck kms:GrantIsForAWSResource kms:MultiRegion
kms:ReEncryptOnSameKey s3:ObjectCreationOperation s3:isReplicationPauseRequest
"""
_NUMBER = """
aws:MultiFactorAuthAge ec2:RoleDelivery kms:RotationPeriodInDays kms:ScheduleKeyDeletionPendingWindowInDays
kms:TrailingDaysWithoutKeyUsage s3:ExistingJobPriority s3:RequestJobPriority s3:TlsVersion s3:max-annotation-results
s3:max-keys s3:object-lock-event-hold-duration-days s3:object-lock-remaining-retention-days s3:signatureAge
"""
_DATE = "aws:CurrentTime aws:EpochTime aws:TokenIssueTime kms:ValidTo s3:object-lock-retain-until-date"
_ADDRESS = "aws:Ec2InstanceSourcePrivateIPv4 aws:SourceIp aws:VpcSourceIp"

_TYPES: Final = {
    name.lower(): sort
    for names, sort in (
        (_STRING, KeyType.STRING),
        (_STRINGS, KeyType.STRINGS),
        (_ARN, KeyType.ARN),
        (_BOOL, KeyType.BOOL),
        (_NUMBER, KeyType.NUMBER),
        (_DATE, KeyType.DATE),
        (_ADDRESS, KeyType.ADDRESS),
    )
    for name in names.split()
}
# What follows these is free: a tag's key, a pair's name.
_OPEN: Final = (
    "aws:principaltag/",
    "aws:requesttag/",
    "aws:resourcetag/",
    "kms:encryptioncontext:",
    "kms:recipientattestation:",
    "s3:accesspointtag/",
    "s3:buckettag/",
    "s3:existingobjecttag/",
    "s3:requestobjecttag/",
)
# Services whose keys are listed here in full.
_LISTED: Final = frozenset({"aws", "kms", "s3"})


@lru_cache(maxsize=4096)
def key_type(key: str) -> KeyType | None:
    """The type of a condition key, whatever its letter case; None where AWS lists no such key, or lists it elsewhere."""
    lower = key.lower()
    found = _TYPES.get(lower)
    if found is None and any(lower.startswith(prefix) and lower != prefix for prefix in _OPEN):
        return KeyType.STRING
    return found


def is_multivalued(key: str) -> bool:
    """May a request carry several values of it, so that a condition needs ForAllValues or ForAnyValue?"""
    return _TYPES.get(key.lower()) is KeyType.STRINGS


_NEVER_EMPTY: Final = frozenset({"kms:requestalias"})
"""Texts with a form of their own: an alias begins with ``alias/``. Source: KMS API reference, CreateAlias."""


def is_never_empty(key: str) -> bool:
    """Can its value never be an empty text, where a request has it: a number, a time, an alias?"""
    kind = key_type(key)
    return kind not in (None, KeyType.STRING, KeyType.STRINGS) or key.lower() in _NEVER_EMPTY


def does_not_exist(key: str) -> bool:
    """Is it a key of ``aws:``, ``kms:`` or ``s3:`` that AWS does not list? Keys of other services are not looked up."""
    prefix, separator, _ = key.lower().partition(":")
    if not separator:
        return True
    return prefix in _LISTED and key_type(key) is None


def needs_name(key: str) -> bool:
    """Does the key lack the name that belongs behind it, as ``aws:PrincipalTag`` and ``kms:EncryptionContext`` do?"""
    return any(key.lower() in (prefix, prefix[:-1]) for prefix in _OPEN)
