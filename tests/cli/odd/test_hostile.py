"""Saved folders and files made to run code, to write outside, or to show a secret: twenty of them, none succeeds.

Each case changes a good run, or writes a file, and makes a call. Whatever becomes of the call: nothing was run, nothing
outside of the run's folder and of the call's own output was changed, and the secret is nowhere.
"""

import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import pytest
import torch
from omegaconf import OmegaConf
from PIL import Image

from mnv3.tools.export.description import ClassRow, Description, properties_for
from mnv3.tools.weights.checkpoint import read_checkpoint
from tests.cli.whole_run import write_whole_run

Call = Callable[..., int]
SECRET = "hunter2hunter2"
RUN = Path("work/runs/ssdlite/x")
EVAL = ("eval", "run=runs/ssdlite/x", "eval.accelerator=cpu")
RESUME = ("train", "resume=runs/ssdlite/x")


class Bomb:
    """Pickled, it writes a file outside when it is loaded."""

    def __reduce__(self) -> tuple:
        return Path.write_text, (Path("../outside/boom"), "boom")


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run as a training leaves it, with random weights."""
    folder = tmp_path_factory.mktemp("saved") / "x"
    write_whole_run(folder)
    return folder


def add_line(line: str) -> Callable[[], None]:
    def add() -> None:
        with (RUN / "overrides.txt").open("a") as file:
            file.write(f"{line}\n")

    return add


def edit_config(**changes: Any) -> Callable[[], None]:
    """Of config.yaml: `data__root=...`."""

    def edit() -> None:
        config = OmegaConf.load(RUN / "config.yaml")
        _set(config, changes)
        (RUN / "config.yaml").write_text(OmegaConf.to_yaml(config))

    return edit


def edit_checkpoint(**changes: Any) -> Callable[[], None]:
    """Of the configuration in both checkpoints."""

    def edit() -> None:
        for name in ("best", "last"):
            content = read_checkpoint(RUN / f"checkpoints/{name}.ckpt")
            _set(content["hyper_parameters"]["config"], changes)
            torch.save(content, RUN / f"checkpoints/{name}.ckpt")

    return edit


def _set(config: Any, changes: dict[str, Any]) -> None:
    for key, value in changes.items():
        section, _, name = key.rpartition("__")
        (config[section] if section else config)[name] = value


def link(name: str, to: str) -> Callable[[], None]:
    def make() -> None:
        shutil.rmtree(RUN / name, ignore_errors=True)
        (RUN / name).unlink(missing_ok=True)
        (RUN / name).symlink_to(Path(to).absolute())

    return make


def pickled() -> None:
    content = read_checkpoint(RUN / "checkpoints/best.ckpt")
    torch.save({**content, "extra": Bomb()}, RUN / "checkpoints/best.ckpt")


def plain_pickle() -> None:
    Path("work/x.pth").write_bytes(pickle.dumps(Bomb(), protocol=2))


def rerun_pickle() -> None:
    (RUN / "hydra").mkdir()
    (RUN / "hydra/config.pickle").write_bytes(pickle.dumps(Bomb()))


def exported(of_task: str = "ssdlite", external: bool = False, **config: Any) -> Callable[[], None]:
    """A file with a description of ours around a network of nothing."""

    def make() -> None:
        values = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [16]) for name in "xy"]
        tensor = onnx.TensorProto(name="w", data_type=1, dims=[16], data_location=onnx.TensorProto.EXTERNAL)
        tensor.external_data.add(key="location", value="../outside/secret.bin")
        nodes = [onnx.helper.make_node("Add" if external else "Relu", ["x", "w"] if external else ["x"], ["y"])]
        constants = [tensor] if external else []
        model = onnx.helper.make_model(onnx.helper.make_graph(nodes, "g", values[:1], values[1:], constants))
        about = Description(
            "0.1.0",
            of_task,
            "whole",
            "float32",
            [64, 64],
            "",
            {},
            [ClassRow(1, "car", 3, [1, 2, 3])],
            {},
            config,
            "",
            "",
        )
        onnx.helper.set_model_props(model, properties_for(about))
        Path("work/x.onnx").write_bytes(model.SerializeToString())

    return make


CASES: dict[str, tuple[Callable[[], Any], tuple[str, ...]]] = {
    "a callback that loads a pickle": (
        add_line("+hydra.callbacks.x={_target_:torch.load,f:x.pth,weights_only:false}"),
        RESUME,
    ),
    "a callback that writes": (
        add_line(
            "+hydra.callbacks.x={_target_:pathlib.Path.mkdir,self:{_target_:pathlib.Path,_args_:[../outside/boom]}}"
        ),
        RESUME,
    ),
    "a run folder outside": (add_line("hydra.run.dir=../outside/boom"), RESUME),
    "configuration files from outside": (add_line("hydra.searchpath=[file://../outside]"), RESUME),
    "a variable of the environment in the call": (add_line("wandb.project=${oc.env:SECRET}"), RESUME),
    "a group option outside": (add_line("dataset=../../../outside/evil"), RESUME),
    "pictures drawn into a folder of the user": (add_line("data.root=../outside"), RESUME),
    "a variable in config.yaml, compared": (
        lambda: (shutil.copytree(RUN, RUN.with_name("y")), edit_config(recipe__optimizer="${oc.env:SECRET}")()),
        ("compare", "x", "y", "--all"),
    ),
    "a variable in config.yaml, scored": (edit_config(name="${oc.env:SECRET}"), EVAL),
    "a variable in a checkpoint": (edit_checkpoint(wandb__group="${oc.env:SECRET}"), (*EVAL, "eval.out=report")),
    "a variable in a checkpoint, asked for": (
        edit_checkpoint(backbone__name="${oc.env:SECRET}"),
        ("predict", "run=runs/ssdlite/x", "backbone=large", "x.png"),
    ),
    "a data set whose name leads outside": (edit_checkpoint(dataset__name="../../../../../outside/boom"), EVAL),
    "a data root outside, in a checkpoint": (edit_checkpoint(data__root="../outside", dataset__seed=7), EVAL),
    "an object in config.yaml": (
        lambda: (RUN / "config.yaml").write_text("!!python/object/apply:os.mkdir ['../outside/boom']\n"),
        ("compare", "x"),
    ),
    "code in a checkpoint": (pickled, EVAL),
    "code in somebody's weights": (plain_pickle, ("eval", "weights=x.pth")),
    "Hydra's pickled configuration": (
        rerun_pickle,
        ("train", "--experimental-rerun=runs/ssdlite/x/hydra/config.pickle"),
    ),
    "a report folder that is a link": (link("eval", "outside"), EVAL),
    "a log that is a link": (link("log.txt", "outside/mine.txt"), RESUME),
    "checkpoints that are a link": (link("checkpoints", "outside"), RESUME),
    "weights of an exported file outside": (exported(external=True), ("predict", "model=x.onnx", "x.png")),
    "a variable in an exported file": (
        exported(data={"root": "${oc.env:SECRET}"}, task={"name": "ssdlite"}, dataset={"name": "coco"}),
        ("eval", "model=x.onnx"),
    ),
    "a task of an exported file that is a module": (
        exported(of_task="outside.evil"),
        ("predict", "model=x.onnx", "x.png"),
    ),
    "a checkpoint in metrics.json that is outside": (
        lambda: (RUN / "metrics.json").write_text(
            json.dumps({"AP": 0.1, "checkpoint": "../../../../outside/secret.bin"})
        ),
        ("compare", "x"),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_nothing_is_run_written_outside_or_shown(
    name: str, saved: Path, call: Call, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make, words = CASES[name]
    shutil.copytree(saved, RUN)
    outside = Path("outside").resolve()
    outside.mkdir()
    (outside / "mine.txt").write_text("mine")
    (outside / "secret.bin").write_bytes(SECRET.encode() * 5)
    (outside / "evil.yaml").write_text("_target_: pathlib.Path.mkdir\n")
    Image.new("RGB", (64, 64)).save("work/x.png")
    make()
    before = content_of(outside)
    monkeypatch.setenv("SECRET", SECRET)
    monkeypatch.chdir("work")
    code = call(*words)
    said = "".join(capsys.readouterr())
    assert content_of(outside) == before
    assert SECRET not in said and "Traceback" not in said and code in (0, 2), said
    assert not [path for path, content in content_of(Path()).items() if content and SECRET.encode() in content]


def content_of(folder: Path) -> dict[Path, bytes | None]:
    """Everything below it, links apart."""
    paths = [path for path in folder.rglob("*") if not path.is_symlink()]
    return {path: path.read_bytes() if path.is_file() else None for path in paths}
