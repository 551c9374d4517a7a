"""Every option that more than one command has, once: its words, its help, its environment variable. A module a group of the help.

Each reads ``FCSSE_<OPTION>``; those of the AWS settings are on top of what every AWS program reads.
"""


def term(name: str) -> str:
    """What an option is called here: ``bucket_keys`` is ``--bucket-keys``."""
    return f"--{name.replace('_', '-')}"
