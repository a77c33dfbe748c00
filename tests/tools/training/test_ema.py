"""The average against PyTorch's own, and its place in training and checkpoints."""

import pytest
import torch
from lightning.pytorch.callbacks import Callback

from mnv3.tools.training.ema import Ema, ramped_decay
from mnv3.tools.weights.checkpoint import read_checkpoint
from tests.tools.training.tiny_task import fit


class History(Callback):
    """Weights after every optimiser step."""

    def __init__(self):
        self.steps = []

    def on_train_batch_end(self, trainer, pl_module, *_):
        self.steps.append({name: value.clone() for name, value in pl_module.state_dict().items()})


def test_average_is_that_of_the_definition(tmp_path):
    """Start, then lerp towards the weights by 1 - decay, in float64; batch norm statistics too, counts not."""
    history = History()
    _, module = fit(tmp_path, callbacks=(history,), ema=0.5)
    torch.manual_seed(5)
    start = type(module)(module.recipe, 5).state_dict()
    for name, last in module.state_dict().items():
        expected = start[name].double()
        for update, weights in enumerate(history.steps):
            expected = expected.lerp(weights[name].double(), 1 - min(0.5, (1 + update) / (10 + update)))
        if last.is_floating_point():
            torch.testing.assert_close(last.double(), expected, rtol=1e-5, atol=1e-6)
        else:
            assert last == len(history.steps)


def test_decay_ramps_up_to_the_full_one():
    """TensorFlow's rule at its start, its middle and beyond."""
    assert [ramped_decay(0.99, n) for n in (0, 90, 10_000)] == pytest.approx([0.1, 0.91, 0.99])


def test_validation_and_checkpoint_hold_the_average_and_training_goes_on_with_the_weights(tmp_path):
    """What was validated is what `state_dict` holds, not what `current_model_state` holds."""
    history = History()
    _, module = fit(tmp_path, callbacks=(history,))
    saved = read_checkpoint(tmp_path / "checkpoints" / "last.ckpt")
    for name, value in module.validated[-1].items():
        assert torch.equal(saved["state_dict"][f"net.{name}"], value)
        assert torch.equal(saved["current_model_state"][f"net.{name}"], history.steps[-1][f"net.{name}"])
    assert not torch.equal(saved["state_dict"]["net.0.weight"], saved["current_model_state"]["net.0.weight"])


def test_training_is_not_changed_by_averaging(tmp_path):
    """The weights that training goes on with are bit for bit those of a run without EMA."""
    plain, averaged = History(), History()
    fit(tmp_path / "plain", callbacks=(plain,), ema=None)
    fit(tmp_path / "averaged", callbacks=(averaged,))
    for one, other in zip(plain.steps, averaged.steps, strict=True):
        assert all(torch.equal(one[name], other[name]) for name in one)


def test_decay_of_one_never_moves():
    """A guard of the direction of the interpolation."""
    ema = Ema(decay=1.0)
    ema.averages, ema.weights = {"w": torch.zeros(2)}, {"w": torch.ones(2)}
    ema.updates = 10**9
    ema.update()
    assert ema.averages["w"].max() < 1e-6
