"""The one entry to all campaigns: ``scripts/campaigns NAME [options]``."""

from __future__ import annotations

import sys
from importlib import import_module

CAMPAIGNS = {
    "simulate": "the whole program in virtual time, with every fault and other writers, from seeds",
    "wire": "real processes through a proxy that spoils answers; --soak: many rounds, and nothing may grow",
    "fuzz": "broken and strange documents of every kind that fcsse reads",
    "mutation": "small faults put into the code: the tests must see them",
    "writers": "many processes link many caches to one key at once",
    "kills": "kill -9 at random moments of link and unlink",
    "errors": "every error of every call that link and unlink make",
    "signals": "Ctrl-C, SIGTERM and SIGHUP at every call, and disks that take nothing",
    "lost_updates": "links beside one write of somebody else: what is lost at first, and after settle",
    "census": "the census query on an inventory table of ten million objects",
}


def main(words: list[str]) -> int:
    """Runs one campaign; its exit code is 1 where it found something."""
    if not words or words[0] not in CAMPAIGNS:
        print("usage: scripts/campaigns NAME [options]; NAME --help shows them\n")
        for name, what in CAMPAIGNS.items():
            print(f"  {name:<14}{what}")
        return 0 if words in ([], ["--help"], ["-h"]) else 2
    campaign = import_module(f"scripts.campaigning.{words[0]}")
    sys.argv = [f"scripts/campaigns {words[0]}", *words[1:]]
    code: int = campaign.main()
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
