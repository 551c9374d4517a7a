"""Where this program keeps its files."""

from __future__ import annotations

from pathlib import Path

from fcsse.advice import BACKUP_DIR, NO_BACKUP, advice
from fcsse.errors import UnexpectedError


def user_folder() -> Path:
    """The platform's state folder for this program. Raises ``RuntimeError`` or ``KeyError`` where the user has no home."""
    from platformdirs import user_state_path

    return user_state_path("fcsse", appauthor=False)


def default_folder() -> Path:
    """Where copies of key policies are kept. Raises ``UnexpectedError`` where the user has no home."""
    try:
        return user_folder() / "backups"
    except (RuntimeError, KeyError) as error:
        message = f"finding the folder for copies of key policies: this user has no home directory ({error})"
        raise UnexpectedError(
            message, advice("Name a folder with ", BACKUP_DIR, ", or go without copies with ", NO_BACKUP, ".")
        ) from error
