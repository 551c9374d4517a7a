"""moto's web application for IAM and S3, the server that it answers through, and its state. Imports moto.

``moto_host.web`` loads it, or says what to install.
"""

from __future__ import annotations

import logging
from functools import cache
from typing import Any

from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.utilities.utils import PARTITION_NAMES
from werkzeug.serving import make_server

__all__ = ["PARTITION_NAMES", "application", "reset", "server"]


class QuietHandler(MotoRequestHandler):  # type: ignore[misc,unused-ignore]
    """Writes nothing for a request; the journal has it."""

    def log(self, *_: object) -> None:
        """Writes nothing."""


@cache
def application() -> Any:
    """moto's WSGI application, made once a process."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    return DomainDispatcherApplication(create_backend_app)


def server(gateway: Any, port: int, descriptor: int) -> Any:
    """A server on 127.0.0.1 that answers by ``gateway``; ``descriptor`` is the socket that listens."""
    made = make_server("127.0.0.1", port, gateway, threaded=True, request_handler=QuietHandler, fd=descriptor)
    made.daemon_threads = True
    return made


def reset() -> None:
    """Forget everything that moto holds."""
    BackendDict.reset()
    reset_model_data()  # the list of all that was ever made, which no backend holds any more
