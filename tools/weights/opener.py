"""A task's network from a file of weights: a checkpoint, or another project's."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

from torch import Tensor, nn

from mnv3.tools.errors import UserError, of_file
from mnv3.tools.text.words import format_value
from mnv3.tools.weights.checkpoint import run_config
from mnv3.tools.weights.classes import Classes, carry_over
from mnv3.tools.weights.formats import WeightsFile, open_weights, read_noting, unused
from mnv3.tools.weights.load import Begun, flat, load_found, load_init, network_state, settle

log = logging.getLogger("mnv3")

NAMED = ("torchvision", "torchvision-coco")
"""Names of weights that need no file: torchvision's, trained on COCO 2017."""


SHAPING = ("backbone.rf2", "backbone.width", "backbone.max_kernel")
"""Keys that decide the shapes of a backbone's weights."""


class Marks(NamedTuple):
    """How the files of a task's networks are recognised.

    `own`: an entry by origin, "ours", "torchvision" or "authors". `what`: the network, and whose names are known.
    `others`: beginnings of names in files of another task, for which the message is `mistaken`.
    """

    own: Mapping[str, str]
    what: str
    others: tuple[str, ...]
    mistaken: str

    def origin(self, file: WeightsFile) -> str:
        """Whose file it is. Raises UserError: it holds no such network."""
        for origin, mark in self.own.items():
            if mark in file.tensors:
                return origin
        if any(name.startswith(self.others) for name in file.tensors):
            raise UserError(f"{file.path} holds {self.mistaken}")
        raise UserError(
            f"{file.path} holds no {self.what}; "
            "weights of a backbone alone go into a new run: mnv3 train backbone.weights=FILE."
        )


Loaded = TypeVar("Loaded")


@dataclass(frozen=True)
class Opener(Generic[Loaded]):
    """What a task knows of its weights.

    `prefix`: of the network's entries in a checkpoint of `mnv3 train`. `loose`: keys that a file of weights does not
    hold, or does not bind. `torchvision`: the file that NAMED stands for. `describe`: what is in a file, with its
    `origin`, `options`, `rules` (of the preset, with other values) and `remarks` on what was assumed. `build`: the
    network for a configuration and that. `unfold`: TensorFlow's variables with batch norms. `loaded`: the answer, of
    the network, its configuration, what is in the file, and what was asked for. `predictors`: regular expression of the
    class predictors' entries. `classes_of_checkpoint`, `classes_of_file`: the classes of a file, of its path and
    content and of what is in it.
    """

    task: str
    prefix: str
    marks: Marks
    loose: tuple[str, ...]
    torchvision: Callable[[], Path]
    of_checkpoint: Callable[[Path, Mapping[str, Any]], Loaded]
    describe: Callable[[WeightsFile], Any]
    build: Callable[[dict[str, Any], Any], nn.Module]
    unfold: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    from_tensorflow: Callable[[Mapping[str, Any], Any], dict[str, Tensor]]
    from_torchvision: Callable[[Mapping[str, Any], Any], dict[str, Tensor]]
    loaded: Callable[[Any, dict[str, Any], Any, Mapping[str, Any]], Loaded]
    predictors: str
    classes_of_checkpoint: Callable[[Path, Mapping[str, Any]], Classes]
    classes_of_file: Callable[[Any], Classes]

    def load(
        self, source: str, config: Mapping[str, Any] | None = None, asked: Mapping[str, Any] | None = None
    ) -> Loaded:
        """A network from any file of weights.

        `source`: a file, the common part of a TensorFlow checkpoint's names, a folder with either, or a name of NAMED.
        `config`: of the call, whose sections task and backbone become those of the file; None for these two alone.
        `asked`: what of them the user typed, by dotted key. Logs a line on what was not loaded.

        Raises:
            UserError: as `tools.weights.formats.open_weights`; no such weights in torchvision's cache; no network of
                the task; another one than was asked for; not all of it.
        """
        file, asked = open_weights(self._path(source)), asked or {}
        if file.kind == "ours":
            loaded = self.of_checkpoint(file.path, file.checkpoint)
            settle(None, flat(run_config(file.checkpoint, file.path, self.task), asked), asked, (), source)
            return loaded
        with of_file(source):
            found = self.describe(file)
        for line in (file.quantised, f"{source}: {'; '.join(found.remarks)}." if found.remarks else ""):
            if line:
                log.info("%s", line)
        settled = settle(config, found.options, asked, self.loose, source)
        network = self.build(settled, found)
        with of_file(source):
            load_found(network, source, *self._translated(file, found.origin, network))
        return self.loaded(network, settled, found, asked)

    def begin(self, network: Any, source: str | Path, classes: Classes) -> Begun:
        """Begin with what fits of the weights of `source` (as in `load`), with class predictors by the names of the new
        run's `classes`. Raises UserError as `load`; or nothing fits."""
        file = open_weights(self._path(str(source)))
        state, left, theirs = self._of_any(file, network, source)
        carried = carry_over(network, state, self.predictors, theirs, classes, str(source))
        missing = load_init(network, source, carried.state)
        missing = [line for line in missing if line.partition(":")[0] not in carried.settled]
        return Begun([*missing, *carried.left, *left], carried.note)

    def _of_any(
        self, file: WeightsFile, network: Any, source: str | Path
    ) -> tuple[Mapping[str, Tensor], list[str], Classes]:
        """As `_translated`, and the classes, from a checkpoint, from part of one, or from another project's file."""
        if file.kind == "ours":
            run_config(file.checkpoint, file.path, self.task)
            classes = self.classes_of_checkpoint(file.path, file.checkpoint)
            return network_state(file.tensors, self.prefix), [], classes
        if not any(mark in file.tensors for mark in self.marks.own.values()):
            return file.tensors, [], Classes(None, None)  # part of a checkpoint of mnv3 train
        with of_file(source):
            found = self.describe(file)
        if (name := found.options["backbone.name"]) != network.backbone.family:
            raise UserError(f"{source} is backbone={name}, not {network.backbone.family}.")
        if file.quantised:
            log.info("%s", file.quantised)
        if other := [key for key, value in found.rules.items() if getattr(network.preset, key) != value]:
            log.info("%s was trained with other values of %s than this run has.", source, ", ".join(other))
        with of_file(source):
            state, left = self._translated(file, found.origin, network)
        _log_other_backbone(network.state_dict(), state, found.options, source)
        return state, left, self.classes_of_file(found)

    def _translated(self, file: WeightsFile, origin: str, network: nn.Module) -> tuple[dict[str, Tensor], list[str]]:
        """The state dict for `network` from a file of its backbone's family, and a line on each entry that is left."""
        if origin == "authors":
            return read_noting(self.unfold(file.tensors), lambda variables: self.from_tensorflow(variables, network))
        if origin == "torchvision":
            state = self.from_torchvision(file.tensors, network)
            return state, unused(file.tensors, state)
        return dict(file.tensors), []

    def _path(self, source: str) -> Path:
        return self.torchvision() if source in NAMED else Path(source)


def _log_other_backbone(
    own: Mapping[str, Tensor], state: Mapping[str, Tensor], options: Mapping[str, Any], source: object
) -> None:
    """Log the keys of the backbone in a file if a part of it does not fit the network."""
    shared = [name for name in state if name.startswith("backbone.") and name in own]
    if any(own[name].shape != state[name].shape for name in shared):
        keys = [f"{key}={format_value(options[key])}" for key in SHAPING if key in options]
        log.info("%s was trained with %s: with these keys all of its backbone fits.", source, " ".join(keys))
