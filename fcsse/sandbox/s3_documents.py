"""What S3 refuses of the documents that are put into buckets: encryption, tags, and configurations in XML.

Sources: S3 API reference, PutBucketEncryption, PutBucketTagging, PutObjectTagging and the schemas of the others in the
botocore service model; the messages are those that AWS's answers were recorded with.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree

from fcsse.sandbox.wire import AwsError, Call

_ALGORITHMS = ("AES256", "aws:kms", "aws:kms:dsse", "aws:fsx", "aws:backup")
_KMS = ("aws:kms", "aws:kms:dsse")
_ROOTS = {
    "PutBucketAccelerateConfiguration": "AccelerateConfiguration",
    "PutBucketAcl": "AccessControlPolicy",
    "PutBucketCors": "CORSConfiguration",
    "PutBucketEncryption": "ServerSideEncryptionConfiguration",
    "PutBucketInventoryConfiguration": "InventoryConfiguration",
    "PutBucketLifecycleConfiguration": "LifecycleConfiguration",
    "PutBucketLogging": "BucketLoggingStatus",
    "PutBucketNotificationConfiguration": "NotificationConfiguration",
    "PutBucketOwnershipControls": "OwnershipControls",
    "PutBucketReplication": "ReplicationConfiguration",
    "PutBucketTagging": "Tagging",
    "PutBucketVersioning": "VersioningConfiguration",
    "PutBucketWebsite": "WebsiteConfiguration",
    "PutObjectTagging": "Tagging",
    "PutPublicAccessBlock": "PublicAccessBlockConfiguration",
}
_TAG = re.compile(r"[\w\s+\-=.:/@]*")


def malformed() -> AwsError:
    """S3's refusal of XML that is none, or not of its schema."""
    message = "The XML you provided was not well-formed or did not validate against our published schema"
    return AwsError("MalformedXML", message)


def check_document(call: Call) -> bool:
    """Is it a call that puts an XML document? Raises AwsError where S3 refuses the document."""
    expected = _ROOTS.get(call.operation)
    if expected is None:
        return False
    if not call.body and call.operation == "PutBucketAcl":
        return True  # the ACL stands in headers
    root = _parsed(call.body)
    if _name(root) != expected:
        raise malformed()
    match call.operation:
        case "PutBucketEncryption":
            _check_encryption(root)
        case "PutBucketTagging" | "PutObjectTagging":
            _check_tags(root, of_object=call.operation == "PutObjectTagging")
        case "PutBucketVersioning":
            if _text(root, "Status") not in ("Enabled", "Suspended"):
                raise malformed()
        case "PutBucketOwnershipControls":
            rules = _children(root, "Rule")
            values = ("BucketOwnerPreferred", "ObjectWriter", "BucketOwnerEnforced")
            if len(rules) != 1 or _text(rules[0], "ObjectOwnership") not in values:
                raise malformed()
        case _:
            pass
    return True


def _parsed(body: bytes) -> ElementTree.Element:
    if b"<!" in body:
        raise malformed()  # neither document types nor entities are of any schema here
    try:
        return ElementTree.fromstring(body)  # noqa: S314  (no document type, so that no entity can expand)
    except (ElementTree.ParseError, ValueError, LookupError):
        raise malformed() from None


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _children(element: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [child for child in element if _name(child) == name]


def _text(element: ElementTree.Element, name: str) -> str | None:
    found = _children(element, name)
    return (found[0].text or "") if found else None


def _check_encryption(root: ElementTree.Element) -> None:
    """One rule, a known algorithm, and a key only with KMS. Whether the key exists is not looked at."""
    rules = _children(root, "Rule")
    if len(rules) != 1:
        raise malformed()
    defaults = _children(rules[0], "ApplyServerSideEncryptionByDefault")
    if len(defaults) != 1:
        raise malformed()
    algorithm, key = _text(defaults[0], "SSEAlgorithm"), _text(defaults[0], "KMSMasterKeyID")
    flag = _text(rules[0], "BucketKeyEnabled")
    if algorithm not in _ALGORITHMS or (flag is not None and flag.strip().lower() not in ("true", "false", "1", "0")):
        raise malformed()
    if key is not None and algorithm not in _KMS:
        message = "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse"
        raise AwsError("InvalidArgument", message, details={"ArgumentName": "ApplyServerSideEncryptionByDefault"})


def _check_tags(root: ElementTree.Element, *, of_object: bool) -> None:
    sets = _children(root, "TagSet")
    if len(sets) != 1:
        raise malformed()
    seen: set[str] = set()
    for tag in _children(sets[0], "Tag"):
        key, value = _text(tag, "Key"), _text(tag, "Value")
        if key is None or value is None:
            raise malformed()
        if key in seen:
            raise _invalid_tag("Cannot provide multiple Tags with the same key", TagKey=key)
        seen.add(key)
        if key.startswith("aws:"):
            of_buckets = "System tags cannot be added/updated by requester"
            message = "Your TagKey cannot be prefixed with aws:" if of_object else of_buckets
            raise _invalid_tag(message, TagKey=key)
        if not key or len(key) > 128 or not _TAG.fullmatch(key):
            raise _invalid_tag("The TagKey you have provided is invalid", TagKey=key)
        if len(value) > 256 or not _TAG.fullmatch(value):
            raise _invalid_tag("The TagValue you have provided is invalid", TagKey=key, TagValue=value)
    if len(seen) > (10 if of_object else 50):
        kind, most = ("Object", 10) if of_object else ("Bucket", 50)
        raise AwsError("BadRequest", f"{kind} tags cannot be greater than {most}")


def _invalid_tag(message: str, **details: str) -> AwsError:
    return AwsError("InvalidTag", message, details=details)
