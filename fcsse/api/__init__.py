"""What programs call; all of it is exported by ``fcsse``, and loaded when it is first used.

Every function takes a caller's own ``boto3.Session``, or ``Settings`` for more than that; prints nothing; and returns
frozen, typed values. The command line is made of the same functions below this, so what one can do the other can.

**Errors** are the exceptions of ``fcsse.errors``, all of them ``FcsseError`` with ``message``, ``hint``, ``code`` and
``exit_code``. What concerns one pair among many stays with that pair where the answer has a place for it; ``link``,
``unlink`` and ``apply`` raise the first error once the other pairs are done, with ``result`` holding what was.

**Progress** goes to an object with the methods of ``fcsse.Progress``, in ``Settings.progress``.

**Versions.** The names that ``fcsse`` exports, their parameters, and the public attributes of the values that they take
and return follow semantic versioning: within a major version they are added to, and neither vanish nor change their
meaning. So do the documents of ``-o json``: keys are added; one that goes or changes its meaning makes a new major version
and a new ``schema``. Texts for people (messages, hints, headlines, notes) may be worded anew at any time; ``code`` and
enumerations are there to be compared. Modules below ``fcsse`` are where these things happen to live, and may move.
"""
