"""``scripts/conformance [-v] [ID...]``: prints how many recorded facts hold in the sandbox, and each that does not."""

from __future__ import annotations

import sys

from scripts.conformity.conformance_run import run


def main(arguments: list[str]) -> int:
    """Exit code 0: every fact holds or does not apply; 1: some do not; 2: an id is none."""
    verbose = "-v" in arguments
    wanted = [one for one in arguments if one != "-v"]
    result = run(wanted)
    for name in sorted(set(wanted) - set(result.names)):
        print(f"No fact has the id {name}.", file=sys.stderr)
    for one in result.held if verbose else ():
        print(f"holds  {one.id}  {one.call}: {one.condition}")
    for one, reason in result.failing:
        print(f"FAILS  {one.id}  {one.call}: {one.condition}\n       {reason}\n       source: {one.source}")
    for one, reason in result.outside:
        print(f"does not apply  {one.id}  {one.call}: {reason}")
    print(
        f"{len(result.held)} of {len(result.held) + len(result.failing)} recorded answers hold; {len(result.outside)} do not apply."
    )
    return 2 if set(wanted) - set(result.names) else 1 if result.failing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
