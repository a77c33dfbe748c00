"""Text from files, as it may be printed: a terminal obeys control characters."""


def printable(text: str) -> str:
    """`text` with every character that is not to be seen, but for line ends and tabs, as Python would write it."""
    return "".join(letter if letter.isprintable() or letter in "\n\t" else _written(letter) for letter in text)


def _written(letter: str) -> str:
    return letter.encode("unicode_escape").decode()
