"""boto3 clients of the simulated AWS, blind to the user's profile and files. Imports boto3."""

from __future__ import annotations

import os
import threading
from functools import cache
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

from fcsse.sandbox.accounts import Credentials

_lock = threading.Lock()


def make_client(service: str, region: str, url: str, who: Credentials, attempts: int) -> Any:
    """A client that signs as ``who``; ``attempts``: how often botocore tries a call in all."""
    retries: Any = {"mode": "standard", "total_max_attempts": attempts}
    with _lock:
        return _session().client(
            service,
            region_name=region,
            endpoint_url=url,
            aws_access_key_id=who.access_key,
            aws_secret_access_key=who.secret,
            aws_session_token=who.token or None,
            config=Config(retries=retries, proxies={}),
        )


@cache
def _session() -> Any:
    """One session for all clients; it keeps the service models read."""
    blind = {"profile": (None, None, None, None), "config_file": (None, None, os.devnull, None)}
    return boto3.session.Session(botocore_session=botocore.session.Session(session_vars=blind))
