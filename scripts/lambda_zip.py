"""Makes a Lambda function's zip of a folder of installed packages: python lambda_zip.py FOLDER ZIP

What the function never imports is left out: the command line and the sandbox, and botocore's models of services that it
does not call. The same files make the same zip, byte by byte. Prints the sizes and the zip's SHA-256, which is also
written beside it.
"""

from __future__ import annotations

import hashlib
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

SERVICES = {"cloudtrail", "dynamodb", "fsx", "iam", "kms", "organizations", "s3", "sts"}
"""What the function calls. Its credentials come from its environment, so that no other service signs it in."""

LEFT_OUT = ("bin", "typer", "rich", "click", "pygments", "markdown_it", "mdurl", "shellingham", "annotated_doc")
"""Packages of the command line, with their metadata."""

PARTS_LEFT_OUT = ("fcsse/cli", "fcsse/sandbox", "fcsse/__main__.py", "boto3/data", "boto3/examples")
LATEST = (1980, 1, 1, 0, 0, 0)
"""The time of every file: the earliest that a zip can hold."""


def kept(path: PurePosixPath) -> bool:
    """Does a file of the folder belong in the zip?"""
    top = path.parts[0].lower()
    name = top.removesuffix(".dist-info").rpartition("-")[0] if top.endswith(".dist-info") else top.removesuffix(".py")
    if name.removesuffix("_py") in LEFT_OUT or path.suffix == ".pyi":
        return False
    if any(path.is_relative_to(part) for part in PARTS_LEFT_OUT):
        return False
    data = PurePosixPath("botocore/data")
    # Files beside the services' folders are about endpoints, partitions and retries.
    return not (path.is_relative_to(data) and len(path.parts) > 3 and path.parts[2] not in SERVICES)


def files(folder: Path) -> Iterator[tuple[Path, PurePosixPath]]:
    """Every file with its path in the zip, in the order of those."""
    found = [path for path in folder.rglob("*") if path.is_file()]
    yield from sorted(
        ((path, PurePosixPath(path.relative_to(folder).as_posix())) for path in found), key=lambda one: one[1]
    )


def main(folder: Path, target: Path) -> None:
    """Writes the zip, and its hash beside it."""
    whole = packed = 0
    partly = target.with_suffix(".part")
    with zipfile.ZipFile(partly, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path, name in files(folder):
            size = path.stat().st_size
            whole += size
            if kept(name):
                packed += size
                entry = zipfile.ZipInfo(str(name), LATEST)
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED, 9)
    # An interruption leaves no hash of another zip: deployed under that name, CloudFormation would see no new code.
    target.with_suffix(".sha256").unlink(missing_ok=True)
    partly.replace(target)
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    target.with_suffix(".sha256").write_text(f"{digest}\n", encoding="ascii")
    print(f"installed {whole / 1e6:.1f} MB, packed {packed / 1e6:.1f} MB, zip {target.stat().st_size / 1e6:.1f} MB")
    print(f"{target} {digest}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
