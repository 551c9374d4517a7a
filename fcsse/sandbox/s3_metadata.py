"""S3 Metadata configurations: whether a bucket has an inventory table, and in which state it is.

Sources: S3 API reference, GetBucketMetadataConfiguration; S3 user guide, "How metadata tables work" (an AWS managed table
bucket ``aws-s3``, a namespace ``b_<bucket>`` with dots as underscores, tables ``journal`` and ``inventory``).
"""

from __future__ import annotations

from fcsse.sandbox.query_settings import MetadataConfiguration
from fcsse.sandbox.state import State
from fcsse.sandbox.wire import AwsError, Reply, elements, xml_reply

_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
STATES = ("CREATING", "BACKFILLING", "ACTIVE", "FAILED")


def set_metadata(state: State, bucket: str, configuration: MetadataConfiguration | None) -> None:
    """Gives a bucket a metadata configuration, or takes it away."""
    if configuration and configuration.inventory not in (None, *STATES):
        message = f"not a status of an inventory table: {configuration.inventory}"
        raise ValueError(message)
    with state.lock:
        state.traits(bucket).metadata = configuration


def answer(state: State, bucket: str, account: str, region: str) -> Reply:
    """What GetBucketMetadataConfiguration answers. Raises AwsError where there is no configuration."""
    found = state.traits(bucket).metadata
    if found is None:
        raise AwsError(
            "MetadataConfigurationNotFound", "The metadata configuration does not exist for this bucket", 404
        )
    kind = "customer" if found.table_bucket else "aws"
    arn = f"arn:{state.partition}:s3tables:{region}:{account}:bucket/{found.table_bucket or 'aws-s3'}"
    namespace = found.namespace or f"b_{bucket.replace('.', '_')}"
    place = elements([("TableBucketType", kind), ("TableBucketArn", arn), ("TableNamespace", namespace)])
    journal = elements([("TableStatus", "ACTIVE"), ("TableName", "journal"), ("TableArn", f"{arn}/table/journal")])
    body = (
        f"<DestinationResult>{place}</DestinationResult>"
        f"<JournalTableConfigurationResult>{journal}</JournalTableConfigurationResult>"
        f"<InventoryTableConfigurationResult>{_inventory(found, arn)}</InventoryTableConfigurationResult>"
    )
    return xml_reply(
        f'<GetBucketMetadataConfigurationResult xmlns="{_NAMESPACE}">'
        f"<MetadataConfigurationResult>{body}</MetadataConfigurationResult></GetBucketMetadataConfigurationResult>"
    )


def _inventory(found: MetadataConfiguration, arn: str) -> str:
    if found.inventory is None:
        return elements([("ConfigurationState", "DISABLED")])
    text = elements([("ConfigurationState", "ENABLED"), ("TableStatus", found.inventory)])
    if found.error:
        text += f"<Error>{elements(zip(('ErrorCode', 'ErrorMessage'), found.error, strict=True))}</Error>"
    return text + elements([("TableName", found.table), ("TableArn", f"{arn}/table/{found.table}")])
