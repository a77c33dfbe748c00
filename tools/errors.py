"""The one exception for mistakes that the user can mend."""


class UserError(ValueError):
    """One or more mistakes in what the user gave: each a clear sentence (what is wrong, where, what to do).

    The command line prints every sentence of `problems` and exits with 2, without a traceback.
    """

    def __init__(self, *problems: str) -> None:
        assert problems, "a UserError says at least one thing"
        super().__init__("\n".join(problems))
        self.problems = problems


class Absent(UserError):
    """A split of a data set that is not there at all: no mistake where another split is meant."""
