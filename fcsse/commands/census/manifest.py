"""The list of objects for an S3 Batch Operations job, written while they are counted.

A row is ``bucket,key``, without a header; the key is URL-encoded, so that no sign in it needs quotes. Source: S3 user guide,
"Creating an S3 Batch Operations job", "Creating a manifest file". The MD5 of the content is the ETag of the object that it
becomes, where it is stored with SSE-S3 in one request. Source: S3 API reference, Object.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from urllib.parse import quote

from fcsse.commands.census.in_place import RekeyTarget, is_movable
from fcsse.commands.census.rekey import Manifest
from fcsse.durable_files import PartFile
from fcsse.errors import UnexpectedError
from fcsse.objects import Listed, ObjectEncryption
from fcsse.safe_files import followed


class ManifestWriter:
    """Writes rows to a new file beside ``file``, which takes its place once all of them are there; memory stays flat."""

    def __init__(self, file: Path, bucket: str, target: RekeyTarget) -> None:
        """Raises ``UnexpectedError`` where no file can be made there."""
        self._file, self._bucket, self._target = file, bucket, target
        self._digest = hashlib.md5(usedforsecurity=False)
        self._rows = 0
        try:
            if file.exists() and not file.is_file():
                raise OSError(0, "it is not a regular file")
            self._part = PartFile(followed(file))
        except OSError as error:
            raise self._unwritten(error) from error

    def add(self, one: Listed, sealed: ObjectEncryption) -> None:
        """Lists an object, if it is to be changed and can be."""
        if not is_movable(sealed, self._target):
            return
        row = f"{self._bucket},{quote(one.name, safe='/')}\n".encode("ascii")
        try:
            self._part.write(row)
        except OSError as error:
            raise self._unwritten(error) from error
        self._digest.update(row)
        self._rows += 1

    def finish(self) -> Manifest | None:
        """Puts the list in its place. None, and no file, where there is nothing to list."""
        if not self._rows:
            self.discard()
            return None
        try:
            self._part.finish()
        except OSError as error:
            raise self._unwritten(error) from error
        return Manifest(self._file, self._rows, self._digest.hexdigest())

    def discard(self) -> None:
        """Leaves nothing behind, unless the list is finished."""
        self._part.discard()

    def _unwritten(self, error: OSError) -> UnexpectedError:
        return UnexpectedError(f"writing manifest {self._file}: {error.strerror or error}", "Name another file.")
