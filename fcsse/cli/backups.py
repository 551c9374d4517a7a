"""``fcsse backups`` and ``fcsse restore``: the key policies saved before each change, and putting one back."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from fcsse import arn as arns
from fcsse.apply.backup import Backup, BackupFolder
from fcsse.cli import explicit_options
from fcsse.cli.completion import backup_ids
from fcsse.cli.link import new_plan_named
from fcsse.cli.options import aws, cross_account, output, safety
from fcsse.cli.options.factory import option
from fcsse.cli.options.output import Output
from fcsse.cli.output.backups import (
    backups_document,
    backups_markdown,
    refused_restore_document,
    restore_document,
    restore_markdown,
)
from fcsse.cli.output.documents import declined, error_markdown, to_text
from fcsse.cli.output.lines import Line, line, prose
from fcsse.cli.output.plan import diff_lines, dry_run_lines, endpoint_lines, saved_lines, warning_lines
from fcsse.cli.output.terminal import columns, is_terminal, write_answer
from fcsse.cli.question import ask_about_current
from fcsse.cli.session import Credentials, Session, require, session
from fcsse.commands import restore as restoring
from fcsse.commands.restore import Restoration, require_discard
from fcsse.errors import EXIT_PENDING, EXIT_UNEXPECTED, ChangedError
from fcsse.state_folder import default_folder
from fcsse.text import count

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
  fcsse restore 5a1f6c3e-0b7d-4c53-9a55-0e2f6b1f9c11 --dry-run
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
LEAST_REASON = 14
"""Columns for the reason of a backup, however narrow the terminal."""

BackupId = Annotated[
    str,
    typer.Argument(
        metavar="ID",
        autocompletion=backup_ids,
        help="Id of a backup, or its beginning; or the id of an event that fcsse history lists.",
        show_default=False,
    ),
]
OptionalId = Annotated[
    str | None,
    typer.Argument(
        metavar="[ID]", autocompletion=backup_ids, help="Print the policy of this backup.", show_default=False
    ),
]
DiscardOthers = Annotated[
    bool,
    option(
        "--discard-others",
        help="Restore although the policy was changed since, by others or by fcsse; those changes are lost. The diff shows them.",
        group=safety.SAFETY,
    ),
]
AcceptEdited = Annotated[
    bool,
    option(
        "--accept-edited",
        help="Restore the backup although its policy was edited after it was saved. The diff shows what it says now.",
        group=safety.SAFETY,
    ),
]


def _folder(run: Session, backup_dir: Path | None, backup_id: str = "ID") -> BackupFolder:

    accepting = run.words.restore(backup_id, "--accept-edited", "--dry-run")
    hint = f"To see what it says now, and what restoring that would change: {accepting}"
    return BackupFolder(backup_dir or default_folder(), listed_by=run.words.backups(), edited_hint=hint)


def backups(
    backup_id: OptionalId = None,
    key: KeyOfBackups = None,
    backup_dir: safety.BackupDir = None,
    output: output.OutputOption = Output.TEXT,
    verbose: output.Verbose = 0,
    quiet: output.Quiet = False,
    no_color: output.NoColor = False,
) -> None:
    """List the key policies saved before each change, newest first; with an ID, print that policy.

    Asks AWS nothing.
    """
    with session("backups", output, quiet=quiet, verbose=verbose, no_color=no_color) as run:
        folder = _folder(run, backup_dir, backup_id or "ID")
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
        saved, damaged = folder.read_all()
        found = [one for one in saved if key is None or one.is_of(key)]
        for file in damaged:
            run.terminal.warn(file.message)
        if output is Output.JSON:
            write_answer(to_text(backups_document(found, with_policy=False)))
        elif found and output is Output.MARKDOWN:
            write_answer(backups_markdown(found))
        elif found:
            run.terminal.print(_list(found, columns(sys.stdout) if is_terminal(sys.stdout) else None))
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


def _list(found: list[Backup], width: int | None) -> list[Line]:
    """A line a backup, under a heading for each key. On a terminal the reason is cut to the width there is."""
    keys: dict[str, list[Backup]] = {}
    for one in found:
        keys.setdefault(one.key, []).append(one)
    ids = max(len(one.id) for one in found)
    rows: list[Line] = []
    for key, group in keys.items():
        rows += [*([line("")] if rows else []), line(f"Key {key}", "bold")]
        for one in group:
            start = f"{one.id:<{ids}}  {one.time[:16].replace('T', ' ')}  "
            room = None if width is None else max(LEAST_REASON, width - len(start))
            reason = one.reason if room is None or len(one.reason) <= room else f"{one.reason[: room - 1]}…"
            rows.append(((start, ""), (reason, "dim")))
    return rows


def restore(
    backup_id: BackupId,
    discard_others: DiscardOthers = False,
    accept_edited: AcceptEdited = False,
    dry_run: safety.DryRun = False,
    expect: safety.Expect = None,
    yes: safety.Yes = False,
    wait: safety.Wait = "5m",  # type: ignore[assignment]  # Typer parses it
    backup_dir: safety.BackupDir = None,
    no_backup: safety.NoBackup = False,
    output: output.OutputOption = Output.TEXT,
    exit_code: output.ExitCode = False,
    verbose: output.Verbose = 0,
    quiet: output.Quiet = False,
    no_color: output.NoColor = False,
    profile: aws.Profile = None,
    region: aws.Region = None,
    endpoint_url: aws.EndpointUrl = None,
) -> None:
    """Put a saved key policy back, through the same diff, question, copy and confirmation as every change.

    Takes a recorded version, too: the id of an event that fcsse history lists, of the last 90 days. Where others changed the
    policy since, the diff shows what would be lost, and --discard-others has to be said as well. A backup that was edited
    after it was saved is restored only with --accept-edited.
    """
    with session("restore", output, quiet=quiet, verbose=verbose, no_color=no_color) as run:
        require(not exit_code or dry_run, "--exit-code needs --dry-run")
        from fcsse.commands.recorded import find_policy

        pipeline = run.pipeline(Credentials(profile, region, endpoint_url), wait, backup_dir, no_backup=no_backup)
        folder = _folder(run, backup_dir, backup_id)
        saved = find_policy(pipeline, folder, backup_id, accept_edited=accept_edited)
        with new_plan_named(run):
            restoration = restoring.plan_restore(pipeline, saved, expect)
        run.progress.stop()
        asks = run.terminal.asks and not yes and not dry_run

        def show(one: Restoration) -> None:
            """Shows it; ends the command where it will not be restored like this."""
            refusal = _refusal(one, run, discard_others=discard_others)
            if output is Output.TEXT and not quiet:
                run.terminal.print(_restoration(one))
            elif asks and refusal is None:
                run.terminal.print(_restoration(one), err=True)
            elif output is Output.TEXT and one.changed and refusal is None:
                for warning in one.warnings:
                    run.terminal.warn(warning)
            if refusal is not None:
                _Shown(run, one, dry_run=dry_run).refused(refusal)
                raise typer.Exit(refusal.exit_code)

        def ask(one: Restoration) -> None:
            if asks and not run.terminal.confirm(_question(one)):
                run.terminal.print([line("Nothing was written to AWS.")], err=True)
                _Shown(run, one, dry_run=dry_run).declined()
                raise typer.Exit(EXIT_UNEXPECTED)

        def again() -> Restoration:
            run.progress = pipeline.progress = run.terminal.progress()
            try:
                saved = find_policy(pipeline, folder, backup_id, accept_edited=accept_edited)
                return restoring.plan_restore(pipeline, saved, expect)
            finally:
                run.progress.stop()

        show(restoration)
        backup, code = None, EXIT_PENDING if restoration.changed and exit_code else 0
        if not dry_run:
            restoration = ask_about_current(
                restoration,
                clock=pipeline.clock,
                terminal=run.terminal,
                ask=ask,
                again=again,
                same=lambda one, other: one.reviewed == other.reviewed,
                show=show,
                pending=lambda one: one.changed,
            )
        if restoration.changed and not dry_run:
            run.progress = pipeline.progress = run.terminal.progress()
            backup = restoring.apply_restore(pipeline, restoration, expected=expect is not None)
            run.progress.stop()
        _Shown(run, restoration, dry_run=dry_run).done(backup, code)
        raise typer.Exit(code)


def _question(restoration: Restoration) -> str:
    return f"Restore the policy of key {restoration.backup.key.rsplit('/', 1)[-1]}?"


def _refusal(restoration: Restoration, run: Session, *, discard_others: bool) -> ChangedError | None:
    """Why it will not be restored like this: in a dry run as well, which ends as the run would."""

    try:
        require_discard(restoration, run.words, discard_others=discard_others)
    except ChangedError as error:
        return error
    return None


def _restoration(restoration: Restoration) -> list[Line]:

    saved = restoration.backup
    when = f"{saved.time}, {saved.reason if saved.is_recorded else f'before: {saved.reason}'}"
    out: list[Line] = [
        prose((f"{saved.noun.capitalize():<12}", "bold"), saved.id),
        prose((f"{'Recorded' if saved.is_recorded else 'Saved':<12}", "bold"), when),
        prose(("Key         ", "bold"), saved.key),
        *endpoint_lines(restoration.endpoints),
    ]
    if restoration.warnings:
        out += [line(""), *warning_lines(restoration.warnings)]
    if restoration.changed:
        out += [line(""), *diff_lines(restoration.before, restoration.after)]
    return out


@dataclass(frozen=True, slots=True)
class _Shown:
    """Says what restoring came to, in the form that was asked for."""

    run: Session
    restoration: Restoration
    dry_run: bool = field(kw_only=True)

    def done(self, backup: str | None, code: int) -> None:
        """The end of a run that went well."""

        if self.run.output is Output.JSON:
            write_answer(to_text(restore_document(self.restoration, backup, dry_run=self.dry_run, code=code)))
        else:
            self._close(self._closing(backup))

    def refused(self, error: ChangedError) -> None:
        """The end of a run that was refused, after what it would have done."""

        if self.run.writes and not self.dry_run:
            error.hint = f"{error.hint}\n{self.run.journal.told()}"
        if self.run.output is Output.JSON:
            write_answer(to_text(refused_restore_document(self.restoration, error, dry_run=self.dry_run)))
        elif self.run.output is Output.MARKDOWN:
            self._close([], error_markdown(error.message, error.hint))
        self.run.terminal.tell(error)

    def declined(self) -> None:
        """The question was answered with no; for programs, a document says so."""
        if self.run.output is Output.JSON:
            document = restore_document(self.restoration, None, dry_run=True, code=EXIT_UNEXPECTED)
            write_answer(to_text(declined({**document, "dry_run": False})))

    def _close(self, closing: list[Line], more: Sequence[str] = ()) -> None:
        if self.run.output is Output.MARKDOWN:
            texts = ["".join(text for text, _ in parts) for parts in closing]
            write_answer(restore_markdown(self.restoration, texts, more, dry_run=self.dry_run))
        else:
            self.run.terminal.print(closing if self.run.terminal.quiet else [line(""), *closing])

    def _closing(self, backup: str | None) -> list[Line]:

        key = self.restoration.backup.key
        if not self.restoration.changed:
            return [
                prose((f"Nothing to do: the key policy says the same as the {self.restoration.backup.noun}.", "green"))
            ]
        if self.dry_run:
            return [
                prose((f"Would restore the policy of key {key}.", "green")),
                *dry_run_lines(
                    self.restoration.digest, explicit_options.again("restore", "--expect", self.restoration.digest)
                ),
            ]
        done: Line = prose((f"Restored the policy of key {key}.", "green"))
        return [done, *(saved_lines(backup, self.run.words) if backup else [])]
