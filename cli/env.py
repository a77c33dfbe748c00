"""mnv3 env: prints what to paste into a report."""

from collections.abc import Sequence

from mnv3.tools.errors import UserError
from mnv3.tools.machine.environment import environment, table


def run(argv: Sequence[str]) -> None:
    """Print the environment. Raises UserError if anything follows the verb."""
    if argv:
        raise UserError(f"mnv3 env takes no options, but was given {' '.join(argv)}.")
    print(table(environment()))
