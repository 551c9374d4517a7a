"""``fcsse backups``: the key policies saved before each change."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from fcsse import arn as arns
from fcsse.apply.backup import BackupFolder
from fcsse.cli.completion import backup_ids
from fcsse.cli.options import cross_account, output, safety
from fcsse.cli.options.factory import option
from fcsse.cli.options.output import Output
from fcsse.cli.output.backups import (
    backups_document,
    backups_lines,
    backups_markdown,
)
from fcsse.cli.output.documents import to_text
from fcsse.cli.output.lines import prose
from fcsse.cli.output.terminal import columns, is_terminal, write_answer
from fcsse.cli.session import Session, require, session
from fcsse.state_folder import default_folder
from fcsse.text import count

EXAMPLE = """\
Examples:
  fcsse backups
  fcsse backups --key arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab
  fcsse backups 20261123T205853417Z-67890abc-dc7233
"""
KeyOfBackups = Annotated[
    arns.Arn | None,
    option(
        "--key",
        help="Only backups of this key: its ARN or id.",
        group="Which",
        metavar="KEY",
        parser=cross_account.parse_named_key,
        show_default=False,
    ),
]
OptionalId = Annotated[
    str | None,
    typer.Argument(
        metavar="[ID]", autocompletion=backup_ids, help="Print the policy of this backup.", show_default=False
    ),
]


def folder_of(run: Session, backup_dir: Path | None, backup_id: str | None = None) -> BackupFolder:
    """The folder of copies; an error on an edited one names the command that shows what it says now."""
    backup_id = backup_id or "ID"
    accepting = run.words.restore(backup_id, "--accept-edited", "--dry-run")
    hint = f"To see what it says now, and what restoring that would change: {accepting}"
    return BackupFolder(backup_dir or default_folder(), listed_by=run.words.backups(), edited_hint=hint)


def backups(
    *,
    backup_id: OptionalId = None,
    key: KeyOfBackups = None,
    backup_dir: safety.BackupDir = None,
    output: output.OutputOption = Output.TEXT,
    verbosity: output.Verbosity,
) -> None:
    """List the key policies saved before each change, newest first; with an ID, print that policy.

    Asks AWS nothing.
    """
    with session("backups", output, verbosity) as run:
        folder = folder_of(run, backup_dir, backup_id)
        require(
            key is None or key.resource.startswith("key/"),
            f"listing backups: nothing is asked of AWS, so {key.resource if key else ''} cannot be resolved",
            "Name the key by its ARN or id with --key.",
        )
        if backup_id is not None:
            backup = folder.find(backup_id)
            if output is Output.JSON:
                write_answer(to_text(backups_document([backup], with_policy=True)))
            else:
                write_answer(backup.policy + "\n")
            return
        _print(run, folder, key)


def _print(run: Session, folder: BackupFolder, key: arns.Arn | None) -> None:
    """What there is, of one key or of all, in the form that was asked for."""
    saved, damaged = folder.read_all()
    found = [one for one in saved if key is None or one.is_of(key)]
    for file in damaged:
        run.terminal.warn(file.message)
    if run.output is Output.JSON:
        write_answer(to_text(backups_document(found, with_policy=False)))
    elif found and run.output is Output.MARKDOWN:
        write_answer(backups_markdown(found))
    elif found:
        run.terminal.print(backups_lines(found, columns(sys.stdout) if is_terminal(sys.stdout) else None))
    else:
        others = f"; {count(len(saved), 'backup')} of other keys" if saved else ""
        run.terminal.print(
            [
                prose(
                    f"No backups of key {key if key.account else key.resource.removeprefix('key/')} in {folder.path}{others}."
                    if key
                    else f"No backups in {folder.path}."
                )
            ]
        )
