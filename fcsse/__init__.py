"""Give an Amazon File Cache or FSx for Lustre file system access to the KMS key of its S3 bucket.

The functions are loaded on first use, so that importing the package costs nothing.
"""

from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from fcsse.api import Result, Settings, check, link, unlink
    from fcsse.aws_lambda import lambda_handler
    from fcsse.errors import FcsseError
    from fcsse.verdict import Checked

__all__ = ["Checked", "FcsseError", "Result", "Settings", "__version__", "check", "lambda_handler", "link", "unlink"]

_HOMES = {"Checked": "fcsse.verdict", "FcsseError": "fcsse.errors", "lambda_handler": "fcsse.aws_lambda"}


def __getattr__(name: str) -> object:
    if name not in __all__:
        text = f"module 'fcsse' has no attribute {name!r}"
        raise AttributeError(text)
    from importlib import import_module

    value = getattr(import_module(_HOMES.get(name, "fcsse.api")), name)
    globals()[name] = value
    return value
