"""Words of a call, sorted."""

from hydra.core.override_parser.overrides_parser import OverridesParser

from cli.arguments import split


def test_bare_words_fill_keys_in_turn_and_the_rest_is_a_list() -> None:
    given = split(["check", "x=1", "coco", "other"], words=("action", "target"))
    assert given.overrides == ["action=check", "x=1", "target=coco", "other"]
    names = ["a b.jpg", "it's.png", "0", "x*.jpg", "~/y.jpg", "[1],{2}.png", "null"]
    given = split([*names[:3], "run=r", *names[3:], "~gone"], rest="source")
    assert given.overrides[:2] == ["run=r", "~gone"]
    override = OverridesParser.create().parse_override(given.overrides[2])
    assert (override.key_or_group, override.value()) == ("source", names)
    assert split(["run=r"], rest="source").overrides == ["run=r"]
