"""mnv3 env: versions and hardware for bug reports."""

from collections.abc import Sequence

from mnv3.tools.errors import UserError
from mnv3.tools.machine.environment import environment, table


def run(argv: Sequence[str]) -> None:
    """Print the environment. Raises UserError for any argument."""
    if argv:
        raise UserError(f"mnv3 env takes no options, but was given {' '.join(argv)}.")
    print(table(environment()))
