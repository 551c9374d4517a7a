"""What a process imports and reads before it forks commands, so that none of them has to."""

from __future__ import annotations

import gc
import importlib
import os
from typing import Any

BOTOCORE = ("botocore.session", "botocore.retries.standard", "botocore.httpsession", "botocore.loaders")
OTHERS = ("concurrent.futures.thread", "encodings.idna", "platformdirs.unix", "typer._click.decorators")
FCSSE = (
    "fcsse.cli.main", "fcsse.cli.app", "fcsse.cli.typer_run", "fcsse.cli.completion_scripts", "fcsse.cli.overview",
    "fcsse.cli.link", "fcsse.cli.check", "fcsse.cli.audit", "fcsse.pipeline", "fcsse.apply.apply", "fcsse.aws.client",
    "fcsse.cli.output.plan", "fcsse.cli.output.check_text", "fcsse.cli.output.check_documents", "fcsse.cli.audit_answer",
    "fcsse.cli.options.groups", "fcsse.masking",
)  # fmt: skip
SERVICES = ("cloudtrail", "fsx", "iam", "kms", "s3", "sts")


def preload() -> None:
    """Imports them, and has botocore read the descriptions of services, which the processes that are forked then share."""
    for name in (*BOTOCORE, *OTHERS, *FCSSE):
        importlib.import_module(name)
    _read_files_once()
    session = importlib.import_module("botocore.session").Session()
    session.set_config_variable("config_file", os.devnull)  # nobody's own settings
    for service in SERVICES:
        session.create_client(service, "eu-west-1", aws_access_key_id="none", aws_secret_access_key="none")
    importlib.import_module("fcsse.masking").mask("")  # compiles its patterns
    gc.freeze()  # the collections of those processes would write to memory that all of them share


def _read_files_once() -> None:
    """Of botocore's data: the same path is the same file as long as this process and those that it forks run."""
    loader = importlib.import_module("botocore.loaders").JSONFileLoader
    load, files = loader.load_file, {}

    def load_once(self: Any, path: str) -> Any:
        if files.get(path) is None:
            files[path] = load(self, path)
        return files[path]

    loader.load_file = load_once
