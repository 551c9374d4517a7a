"""What PyPI checks of an upload beyond its metadata (which ``twine check`` reads): python scripts/dist_rules.py FILE…

Sources: PyPI's upload API, "File validation"; packaging.python.org, "Core metadata specifications" (License-File) and
"Recording installed projects" (RECORD).
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import sys
import tarfile
import zipfile
from email.parser import HeaderParser
from pathlib import Path

LARGEST = 100 * 1024 * 1024
"""PyPI's limit of a file's size, in bytes."""


def faults(path: Path) -> list[str]:
    """What the index would refuse in this wheel or sdist, one sentence each."""
    files = _wheel(path) if path.suffix == ".whl" else _sdist(path)
    found = [f"{path.name} is larger than {LARGEST} bytes"] if path.stat().st_size > LARGEST else []
    name, version = path.name.removesuffix(".tar.gz").split("-")[:2]
    top = f"{name}-{version}"
    wheel = path.suffix == ".whl"
    metadata, licenses = (
        (f"{top}.dist-info/METADATA", f"{top}.dist-info/licenses/") if wheel else (f"{top}/PKG-INFO", f"{top}/")
    )
    if metadata not in files:
        return [*found, f"{path.name} has no {metadata}"]
    headers = HeaderParser().parsestr(files[metadata].decode())
    if (headers["Name"], headers["Version"]) != (name, version):
        found.append(f"{path.name} describes {headers['Name']} {headers['Version']}")
    found += [
        f"{path.name} has no {licenses}{one}, which its metadata names as a license file"
        for one in headers.get_all("License-File", [])
        if licenses + one not in files
    ]
    if not wheel:
        return found + [f"{path.name} holds {one} outside {top}/" for one in files if not one.startswith(f"{top}/")]
    return found + _unrecorded(path.name, f"{top}.dist-info/RECORD", files)


def _unrecorded(wheel: str, record: str, files: dict[str, bytes]) -> list[str]:
    """Where RECORD and the wheel's files differ, in names or digests."""
    rows = {row[0]: row[1] for row in csv.reader(io.StringIO(files.get(record, b"").decode())) if row}
    found = [f"{wheel} and its RECORD differ: {one}" for one in sorted(rows.keys() ^ files.keys())]
    for one in sorted((rows.keys() & files.keys()) - {record}):
        digest = base64.urlsafe_b64encode(hashlib.sha256(files[one]).digest()).rstrip(b"=").decode()
        if rows[one] != f"sha256={digest}":
            found.append(f"{wheel} and its RECORD differ: {one}")
    return found


def _wheel(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {one: archive.read(one) for one in archive.namelist() if not one.endswith("/")}


def _sdist(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as archive:
        return {one.name: file.read() for one in archive if (file := archive.extractfile(one)) is not None}


def main(paths: list[str]) -> int:
    """0: the index takes them all. 1: it does not, and standard error says why."""
    found = [fault for path in paths for fault in faults(Path(path))]
    for fault in found:
        print(fault, file=sys.stderr)
    return 1 if found or not paths else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
