"""By which tool a call was made, from its user agent. Pure.

Sources: user agents recorded in public CloudTrail samples; Terraform AWS provider and AWS CLI user agent formats.
"""

from __future__ import annotations

import re

_KNOWN = (
    (re.compile(r"\bfcsse/(\S+)"), "fcsse"),
    (re.compile(r"\bTerraform/([\w.+-]+)", re.IGNORECASE), "Terraform"),
    (re.compile(r"\bPulumi/([\w.+-]+)", re.IGNORECASE), "Pulumi"),
    (re.compile(r"\baws-cli/([\w.+-]+)"), "AWS CLI"),
    (re.compile(r"\bAnsible/([\w.+-]+)", re.IGNORECASE), "Ansible"),
    (re.compile(r"\bBoto3/([\w.+-]+)", re.IGNORECASE), "boto3"),
    (re.compile(r"\bBotocore/([\w.+-]+)", re.IGNORECASE), "botocore"),
    (re.compile(r"^cloudformation\.amazonaws\.com()$"), "CloudFormation"),
    (re.compile(r"\b(?:signin|console)\.amazonaws\.com()\b|\bAWS-?Console()\b|\bMozilla/()"), "console or browser"),
)


def tool_of(user_agent: str) -> str:
    """The tool with its version where it is a known one, else the first word; ``not recorded`` where there is none."""
    for pattern, name in _KNOWN:
        found = pattern.search(user_agent)
        if found:
            version = next((one for one in found.groups() if one), "").rstrip("]")
            return f"{name} {version}".strip()
    text = user_agent.strip("[] ")
    if text.lower() in ("aws internal", "internal.amazonaws.com"):
        return "AWS"
    return text.split(" ", 1)[0] if text else "not recorded"
