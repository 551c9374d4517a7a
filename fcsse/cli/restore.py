"""``fcsse restore``: puts a saved key policy back, or a version that CloudTrail recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, NamedTuple

import typer

from fcsse.apply.backup import BackupFolder
from fcsse.apply.policy_writer import Written
from fcsse.cli import explicit_options
from fcsse.cli.backups import folder_of
from fcsse.cli.completion import backup_ids
from fcsse.cli.link import new_plan_named
from fcsse.cli.options import aws, output, safety
from fcsse.cli.options.factory import option
from fcsse.cli.options.output import Output
from fcsse.cli.output.backups import refused_restore_document, restore_document, restore_markdown
from fcsse.cli.output.documents import declined, error_markdown, to_text
from fcsse.cli.output.lines import Line, line, prose
from fcsse.cli.output.plan import diff_lines, dry_run_lines, endpoint_lines, saved_lines, warning_lines
from fcsse.cli.output.spinner import progress_on
from fcsse.cli.output.terminal import write_answer
from fcsse.cli.question import ask_about_current
from fcsse.cli.session import Credentials, Session, require, session
from fcsse.commands import restore as restoring
from fcsse.commands.recorded import find_policy
from fcsse.commands.restore import Restoration, require_discard
from fcsse.errors import EXIT_PENDING, EXIT_UNEXPECTED, ChangedError, FcsseError
from fcsse.pipeline import Pipeline

EXAMPLE = """\
Examples:
  fcsse restore 20261123T205853417Z-67890abc-dc7233 --dry-run
  fcsse restore 20261123T205853417Z-67890abc-dc7233
  fcsse restore 5a1f6c3e-0b7d-4c53-9a55-0e2f6b1f9c11 --dry-run
"""

BackupId = Annotated[
    str,
    typer.Argument(
        metavar="ID",
        autocompletion=backup_ids,
        help="Id of a backup, or its beginning; or the id of an event that fcsse history lists.",
        show_default=False,
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


def restore(
    *,
    backup_id: BackupId,
    discard_others: DiscardOthers = False,
    accept_edited: AcceptEdited = False,
    review: safety.Review,
    writing: safety.Writing,
    output: output.OutputOption = Output.TEXT,
    exit_code: output.ExitCode = False,
    verbosity: output.Verbosity,
    settings: aws.AwsSettings,
) -> None:
    """Put a saved key policy back, through the same diff, question, copy and confirmation as every change.

    Takes a recorded version, too: the id of an event that fcsse history lists, of the last 90 days. Where others changed the
    policy since, the diff shows what would be lost, and --discard-others has to be said as well. A backup that was edited
    after it was saved is restored only with --accept-edited.
    """
    with session("restore", output, verbosity) as run:
        require(not exit_code or review.dry_run, "--exit-code needs --dry-run")
        pipeline = run.pipeline(Credentials(settings), writing)
        wanted = _Wanted(backup_id, folder_of(run, writing.backup_dir, backup_id), accept_edited, discard_others)
        _Run(run, pipeline, wanted, review).all(EXIT_PENDING if exit_code else 0)


class _Wanted(NamedTuple):
    """What is to be restored, and in spite of what."""

    backup_id: str
    folder: BackupFolder
    accept_edited: bool
    discard_others: bool


class _Run(NamedTuple):
    """One run of the command."""

    run: Session
    pipeline: Pipeline
    wanted: _Wanted
    review: safety.Review

    def all(self, pending_code: int) -> None:
        """Plans, shows, asks, writes and reports; ends the command. ``pending_code``: of a dry run with a change to make."""
        dry_run = self.review.dry_run
        with new_plan_named(self.run):
            restoration = self._plan()
        self.run.progress.stop()
        self._show(restoration)
        written, code = None, pending_code if restoration.changed else 0
        if not dry_run:
            restoration = ask_about_current(
                restoration,
                clock=self.pipeline.clock,
                terminal=self.run.terminal,
                ask=self._ask,
                again=self._plan_again,
                same=lambda one, other: one.reviewed == other.reviewed,
                show=self._show,
                pending=lambda one: one.changed,
            )
        if restoration.changed and not dry_run:
            written = self._apply(restoration)
        _Shown(self.run, restoration, dry_run=dry_run).done(written, code)
        raise typer.Exit(code)

    def _apply(self, restoration: Restoration) -> Written:
        """Writes; ends the command where that fails, with what it would have changed, or did before somebody else wrote."""
        self.run.progress = self.pipeline.progress = progress_on(self.run.terminal)
        try:
            written = restoring.apply_restore(self.pipeline, restoration, expected=self.review.expect is not None)
        except FcsseError as error:
            self.run.progress.stop()
            _Shown(self.run, restoration, dry_run=False).refused(error)
            raise typer.Exit(error.exit_code) from error
        self.run.progress.stop()
        return written

    def _plan(self) -> Restoration:
        wanted = self.wanted
        saved = find_policy(self.pipeline, wanted.folder, wanted.backup_id, accept_edited=wanted.accept_edited)
        return restoring.plan_restore(self.pipeline, saved, self.review.expect)

    def _plan_again(self) -> Restoration:
        self.run.progress = self.pipeline.progress = progress_on(self.run.terminal)
        try:
            return self._plan()
        finally:
            self.run.progress.stop()

    @property
    def _asks(self) -> bool:
        return self.run.terminal.asks and not self.review.yes and not self.review.dry_run

    def _show(self, one: Restoration) -> None:
        """Shows it; ends the command where it will not be restored like this."""
        refusal = _refusal(one, self.run, discard_others=self.wanted.discard_others)
        in_text = self.run.output is Output.TEXT
        if in_text and not self.run.terminal.quiet:
            self.run.terminal.print(_restoration(one))
        if self._asks and refusal is None and not (in_text and self.run.terminal.shows_answer):
            self.run.terminal.print(_restoration(one), err=True)
        elif in_text and self.run.terminal.quiet and one.changed and refusal is None:
            for warning in one.warnings:
                self.run.terminal.warn(warning)
        if refusal is not None:
            _Shown(self.run, one, dry_run=self.review.dry_run).refused(refusal)
            raise typer.Exit(refusal.exit_code)

    def _ask(self, one: Restoration) -> None:
        if self._asks and not self.run.terminal.confirm(_question(one)):
            self.run.terminal.print([line("Nothing was written to AWS.")], err=True)
            _Shown(self.run, one, dry_run=self.review.dry_run).declined()
            raise typer.Exit(EXIT_UNEXPECTED)


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

    def done(self, written: Written | None, code: int) -> None:
        """The end of a run that went well. ``written``: how the write ended, where there was one."""
        if self.run.output is Output.JSON:
            backup, changed = (written.backup, written.changed) if written else (None, False)
            document = restore_document(self.restoration, backup, dry_run=self.dry_run, code=code, changed=changed)
            write_answer(to_text(document))
        else:
            self._close(self._closing(written))

    def refused(self, error: FcsseError) -> None:
        """The end of a run that was refused, or failed, after what it would have done."""
        if self.run.writes and not self.dry_run:
            error.hint = f"{error.hint}\n{self.run.journal.told()}"
        if self.run.output is Output.JSON:
            changed = self.run.journal.wrote
            write_answer(
                to_text(refused_restore_document(self.restoration, error, dry_run=self.dry_run, changed=changed))
            )
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

    def _closing(self, written: Written | None) -> list[Line]:
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
        if written is None or not written.changed:
            return [prose((f"Nothing was written: somebody else restored the policy of key {key} meanwhile.", "green"))]
        done: Line = prose((f"Restored the policy of key {key}.", "green"))
        return [done, *(saved_lines(written.backup, self.run.words) if written.backup else [])]
