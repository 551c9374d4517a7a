"""The environment in which every test and every process that a test starts runs, whatever the machine's own is."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Mapping

KEPT = frozenset({
    "PATH", "TMPDIR", "TEMP", "TMP", "USER", "LOGNAME", "USERNAME",
    "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH",
    "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT",
    "PYTHONPATH", "PYTHONHASHSEED", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "PYTHONFAULTHANDLER",
    "TF_PLUGIN_DIR",
})  # fmt: skip
"""Where programs and libraries are, and what whoever runs the tests says to the tests themselves."""

KEPT_PREFIXES = ("PYTEST_", "HYPOTHESIS_", "COVERAGE_", "COV_CORE_")

FIXED = {
    # UTF-8 whatever the machine's language; a terminal that can do everything, for those that have one.
    "LC_ALL": "C.UTF-8",
    "TERM": "xterm-256color",
    # No credentials but those that a test gives.
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


def neutral(base: Mapping[str, str], home: str) -> dict[str, str]:
    """``base`` without the settings of any program (AWS, fcsse, pip, terminals, languages, proxies), with ``home`` as HOME.

    What is kept is listed, rather than what is dropped: nobody knows all the names that libraries read.
    """
    kept = {name: value for name, value in base.items() if name in KEPT or name.startswith(KEPT_PREFIXES)}
    return {**kept, **FIXED, "HOME": home}


def enter() -> None:
    """Makes this process's environment the neutral one, with an empty home that is removed at the end of the process.

    Called before any test module is imported, since Typer and others read their settings at import.
    """
    home = tempfile.mkdtemp(prefix="fcsse-tests-home-")
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    wanted = neutral(os.environ, home)
    os.environ.clear()
    os.environ.update(wanted)
    if sys.platform != "win32":
        os.umask(0o022)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup ignores it, and processes would inherit that
