"""``fcsse backups`` and ``fcsse restore``: the key policies saved before each change, and putting one back."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from fcsse.cli.lines import Line, line
from fcsse.cli.options import abroad, aws, safety, telling
from fcsse.cli.options.telling import Output
from fcsse.cli.session import Sides, session
from fcsse.errors import EXIT_PENDING, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from fcsse.writing.backup import Backup, BackupFolder
    from fcsse.writing.restore import Restoration

BACKUPS_EXAMPLE = """\
Examples:
  fcsse backups
  fcsse backups --key arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab
  fcsse backups 20261123T205853417Z-67890abc-dc7233
"""
RESTORE_EXAMPLE = """\
Examples:
  fcsse restore 20261123T205853417Z-67890abc-dc7233 --dry-run
  fcsse restore 20261123T205853417Z-67890abc-dc7233
"""

BackupId = Annotated[str, typer.Argument(metavar="ID", help="Id of a backup, or its beginning.", show_default=False)]
OptionalId = Annotated[
    str | None, typer.Argument(metavar="[ID]", help="Print the policy of this backup.", show_default=False)
]
DiscardOthers = Annotated[
    bool,
    typer.Option(
        "--discard-others",
        envvar="FCSSE_DISCARD_OTHERS",
        show_envvar=False,
        help="Put the policy back although others changed it since; what they did is lost. The diff shows it.",
        rich_help_panel=safety.SAFETY,
    ),
]


def _folder(backup_dir: Path | None) -> BackupFolder:
    from fcsse.writing.backup import BackupFolder, default_folder

    return BackupFolder(backup_dir or default_folder())


def backups(
    backup_id: OptionalId = None,
    key: abroad.KeyOption = None,
    backup_dir: safety.BackupDir = None,
    output: telling.OutputOption = Output.TEXT,
    verbose: telling.Verbose = 0,
    quiet: telling.Quiet = False,
    no_color: telling.NoColor = False,
) -> None:
    """List the key policies saved before each change, newest first; with an ID, print that policy.

    Asks AWS nothing.
    """
    with session("backups", output, quiet=quiet, verbose=verbose, no_color=no_color) as run:
        folder = _folder(backup_dir)
        if backup_id is not None:
            backup = folder.find(backup_id)
            if output is Output.JSON:
                from fcsse.cli.report import backups_document, to_text

                sys.stdout.write(to_text(backups_document([backup], with_policy=True)))
            else:
                sys.stdout.write(backup.policy + "\n")
            return
        found = [one for one in folder.all() if key is None or one.key == str(key)]
        for path in folder.damaged():
            run.terminal.warn(f"{path} is damaged and cannot be restored.")
        if output is Output.JSON:
            from fcsse.cli.report import backups_document, to_text

            sys.stdout.write(to_text(backups_document(found, with_policy=False)))
        elif found:
            run.terminal.print(_list(found))
        else:
            run.terminal.print([line(f"No backups in {folder.path}.")])


def _list(found: list[Backup]) -> list[Line]:
    width = max(len(one.id) for one in found)
    rows: list[Line] = [line(f"{'ID':<{width}}  {'SAVED (UTC)':<19}  KEY, AND WHY", "bold")]
    for one in found:
        rows.append(line(f"{one.id:<{width}}  {one.time[:19].replace('T', ' ')}  {one.key}"))
        rows.append(line(f"{'':<{width}}  {'':<19}  {one.reason}", "dim"))
    return rows


def restore(
    backup_id: BackupId,
    discard_others: DiscardOthers = False,
    dry_run: safety.DryRun = False,
    expect: safety.Expect = None,
    yes: safety.Yes = False,
    wait: safety.Wait = "5m",  # type: ignore[assignment]  # Typer parses it
    backup_dir: safety.BackupDir = None,
    no_backup: safety.NoBackup = False,
    output: telling.OutputOption = Output.TEXT,
    exit_code: telling.ExitCode = False,
    verbose: telling.Verbose = 0,
    quiet: telling.Quiet = False,
    no_color: telling.NoColor = False,
    profile: aws.Profile = None,
    region: aws.Region = None,
    endpoint_url: aws.EndpointUrl = None,
) -> None:
    """Put a saved key policy back, through the same diff, question, copy and confirmation as every change.

    Where others changed the policy since the backup, the diff shows what would be lost, and --discard-others has to be
    said as well.
    """
    with session("restore", output, quiet=quiet, verbose=verbose, no_color=no_color) as run:
        if exit_code and not dry_run:
            message = "--exit-code goes with --dry-run"
            raise UsageError(message, "See the options with --help.")
        from fcsse.writing import restore as restoring

        pipeline = run.pipeline(Sides(profile, region, endpoint_url), wait, backup_dir, no_backup=no_backup)
        restoration = restoring.plan_restore(pipeline, _folder(backup_dir).find(backup_id), expect)
        run.progress.stop()
        if output is Output.TEXT and not quiet:
            run.terminal.print(_restoration(restoration))
        elif run.terminal.asks and not yes:
            run.terminal.print(_restoration(restoration), err=True)
        backup, code = None, 0
        if restoration.changed and not dry_run:
            restoring.require_discard(restoration, discard_others=discard_others)
            if not yes and run.terminal.asks and not run.terminal.confirm("Put this policy back?"):
                run.terminal.print([line("Nothing was written.")], err=True)
                raise typer.Exit(1)
            run.progress = pipeline.progress = run.terminal.progress()
            backup = restoring.apply_restore(pipeline, restoration, expected=expect is not None)
            run.progress.stop()
        elif restoration.changed and exit_code:
            code = EXIT_PENDING
        _tell(run.terminal.print, restoration, backup, output, dry_run=dry_run, code=code)
        raise typer.Exit(code)


def _restoration(restoration: Restoration) -> list[Line]:
    from fcsse.cli.render import diff_lines

    saved = restoration.backup
    out: list[Line] = [
        (("Backup      ", "bold"), (saved.id, "")),
        (("Saved       ", "bold"), (f"{saved.time}, before: {saved.reason}", "")),
        (("Key         ", "bold"), (saved.key, "")),
    ]
    if restoration.others:
        out += [line(""), (("Warning: ", "yellow"), ("Others changed the policy since; this would be lost:", ""))]
        out += [line(f"  {text}") for text in restoration.others]
    if restoration.changed:
        out += [line(""), *diff_lines(restoration.before, restoration.after)]
    return out


def _tell(
    show: object, restoration: Restoration, backup: str | None, output: Output, *, dry_run: bool, code: int
) -> None:
    from fcsse.cli.report import escaped, restore_document, to_text

    if output is Output.JSON:
        sys.stdout.write(to_text(restore_document(restoration, backup, dry_run=dry_run, code=code)))
        return
    if not restoration.changed:
        text = "Nothing to do: the key policy says the same as the backup."
    elif dry_run:
        text = f"Dry run, nothing was written. Digest: {restoration.digest}"
    else:
        text = f"Restored the policy of key {restoration.backup.key}."
        if backup:
            text += f"\nThe policy from before is saved: fcsse restore {backup}"
    sys.stdout.write(
        ("\n" if output is Output.TEXT else "") + (escaped(text) if output is Output.MARKDOWN else text) + "\n"
    )
