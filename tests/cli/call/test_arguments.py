"""Words of a call, sorted."""

from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from mnv3.cli.call.arguments import split


def test_bare_words_fill_keys_in_turn_and_the_rest_is_a_list() -> None:
    given = split(["check", "x=1", "coco", "other"], words=("action", "target"))
    assert given.overrides == ["action=check", "x=1", "target=coco", "other"]
    names = ["a b.jpg", "it's.png", "0", "x*.jpg", "~/y.jpg", "[1],{2}.png", "null"]
    given = split([*names[:3], "run=r", *names[3:], "~gone"], rest="source")
    assert given.overrides[:2] == ["run=r", "~gone"]
    override = OverridesParser.create().parse_override(given.overrides[2])
    assert (override.key_or_group, override.value()) == ("source", names)
    assert split(["run=r"], rest="source").overrides == ["run=r"]


@pytest.mark.parametrize(
    "name",
    [
        "a\\b.jpg",
        "a'b",
        "a\\'b",
        "end\\",
        "frame=1.jpg",
        "a,b",
        "a${b}c",
        "a\\${b}",
        "${oc.env:HOME}",
        "~a",
        "a\nb",
        '"q"',
    ],
)
def test_any_name_of_a_file_reaches_the_configuration_as_it_is(name, tmp_path, monkeypatch) -> None:
    """Backslashes were doubled, and ${oc.env:...} was looked up."""
    monkeypatch.chdir(tmp_path)
    Path(name).touch()
    (text,) = split([name], rest="source").overrides
    value = OverridesParser.create().parse_override(text).value()
    assert OmegaConf.to_container(OmegaConf.create({"source": value}), resolve=True) == {"source": [name]}


def test_files_that_are_there_win_over_what_their_names_look_like(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("frame=1.jpg", "--odd", "-x=2", "run=r"):
        Path(name).touch()
    given = split(["frame=1.jpg", "--odd", "-x=2", "run=r", "frame=2.jpg", "--help"], rest="source")
    assert given.overrides == ["frame=2.jpg", "source=['frame=1.jpg','--odd','-x=2','run=r']"] and given.help
    assert split(["frame=1.jpg"]).overrides == ["frame=1.jpg"]  # of a verb that takes no files
    assert split(["x=" + 5000 * "a"], rest="source").overrides == ["x=" + 5000 * "a"]
