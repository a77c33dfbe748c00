"""Text of the user's files in sentences."""

import pytest

from mnv3.tools.text.plain import is_plain, listed, plain


@pytest.mark.parametrize("text", ["a b", "名前", "طريق", "क्\u200dष", "e\u0301", "\u3000wide", "[red]x[/]", "😀"])
def test_letters_of_all_scripts_stay(text):
    assert is_plain(text) and plain(text) == text


@pytest.mark.parametrize("text", ["\x1b[31mred", "a\nb", "\0", "\x7f", "\x9b1m", "\ud800", "a\u2028b", "\t"])
def test_what_a_terminal_obeys_or_cannot_show_is_escaped(text):
    assert not is_plain(text) and plain(text).isascii() and plain(text).isprintable()


def test_a_few_are_named_and_all_counted():
    assert listed([1, "b\n"]) == "1, b\\n"
    assert listed(list(range(9))) == "0, 1, 2, 3, 4 and 4 more"
