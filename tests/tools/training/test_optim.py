"""Schedule against the authors' values, groups against their rule, scaling by hand."""

import pytest
import torch
from torch import nn

from mnv3.tools.errors import UserError
from mnv3.tools.training.optim import Plan, build_optimizer, build_scheduler, lr_factor, make_plan, parameter_groups

PAPER = {
    "epochs": None,
    "steps": 400_000,
    "batch_size": 512,
    "base_batch": 512,
    "lr": 0.4,
    "warmup_steps": 2000,
    "min_steps": None,
    "val_every": 5,
    "warmup_start": 1 / 3,
    "schedule": "cosine",
    "optimizer": "sgd",
    "momentum": 0.9,
    "weight_decay": 4e-5,
}


def test_the_paper_schedule_passes_through_the_authors_values():
    """0.13333 at step 0, 0.4 at step 2000, 0 at the end; half-way of the cosine is half of the peak."""
    module = nn.Linear(1, 1)
    plan = Plan(epochs=4000, steps_per_epoch=100, warmup_steps=2000, lr=0.4)
    optimizer = build_optimizer(PAPER, module, plan.lr)
    scheduler = build_scheduler(PAPER, optimizer, plan)
    rate = {step: 0.4 * scheduler.lr_lambdas[0](step) for step in (0, 1000, 2000, 201_000, 400_000)}
    assert rate == pytest.approx({0: 0.13333, 1000: 0.26667, 2000: 0.4, 201_000: 0.2, 400_000: 0.0}, abs=1e-5)


def test_cosine_is_pytorchs_own_without_warm_up():
    """Against torch.optim.lr_scheduler.CosineAnnealingLR."""
    optimizer = torch.optim.SGD(nn.Linear(1, 1).parameters(), lr=1.0)
    reference = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=50)
    for step in range(51):
        ours = lr_factor(step, steps=50, warmup_steps=0, warmup_start=0.0, schedule="cosine")
        assert ours == pytest.approx(reference.get_last_lr()[0], abs=1e-9)
        optimizer.step()
        reference.step()


def test_poly_is_pytorchs_own():
    """Against torch.optim.lr_scheduler.PolynomialLR with power 0.9."""
    optimizer = torch.optim.SGD(nn.Linear(1, 1).parameters(), lr=1.0)
    reference = torch.optim.lr_scheduler.PolynomialLR(optimizer, total_iters=50, power=0.9)
    for step in range(51):
        ours = lr_factor(step, steps=50, warmup_steps=0, warmup_start=0.0, schedule="poly")
        assert ours == pytest.approx(reference.get_last_lr()[0], abs=1e-9)
        optimizer.step()
        reference.step()


def test_kernels_decay_and_nothing_else_does():
    """Convolutions, depthwise and with bias, and linear kernels; no bias, no batch norm, nothing frozen."""
    module = nn.Sequential(
        nn.Conv2d(4, 4, 3, groups=4, bias=False), nn.BatchNorm2d(4), nn.Conv2d(4, 2, 1), nn.Linear(2, 2)
    )
    module[3].weight.requires_grad_(False)
    kernels, others = parameter_groups(module, 4e-5)
    assert [id(one) for one in kernels["params"]] == [id(module[0].weight), id(module[2].weight)]
    assert kernels["weight_decay"] == 4e-5 and others["weight_decay"] == 0
    assert {id(one) for one in others["params"]} == {
        id(one) for one in (module[1].weight, module[1].bias, module[2].bias, module[3].bias)
    }


def test_a_smaller_batch_has_a_smaller_rate_and_more_steps():
    """A quarter of the batch: a quarter of the rate, four times the steps, the same number of images."""
    whole, quarter = make_plan(PAPER, steps_per_epoch=225), make_plan({**PAPER, "batch_size": 128}, steps_per_epoch=900)
    assert (whole.lr, whole.warmup_steps, whole.epochs) == (0.4, 2000, 1778)
    assert (quarter.lr, quarter.warmup_steps, quarter.epochs) == (pytest.approx(0.1), 8000, 1778)


def test_a_short_run_still_reaches_the_peak():
    """Warm-up is at most a third of the run."""
    plan = make_plan({**PAPER, "steps": None, "epochs": 2}, steps_per_epoch=5)
    assert plan.steps == 10 and plan.warmup_steps == 3


def test_a_small_set_gets_enough_steps_and_no_more_validations() -> None:
    """24 images in batches of 16: 30 epochs would be 60 steps."""
    recipe = {**PAPER, "steps": None, "epochs": 30, "min_steps": 400, "batch_size": 512, "val_every": 1}
    plan = make_plan(recipe, steps_per_epoch=2)
    assert plan == Plan(epochs=200, steps_per_epoch=2, warmup_steps=133, lr=0.4, val_every=6)
    quarter = make_plan({**recipe, "batch_size": 128}, steps_per_epoch=2)
    assert quarter.epochs == 800  # as many images
    assert make_plan(recipe, steps_per_epoch=14).epochs == 30
    assert make_plan({**recipe, "min_steps": None}, steps_per_epoch=2).epochs == 30


@pytest.mark.parametrize("lengths", [{"epochs": 3, "steps": 5}, {"epochs": None, "steps": None}])
def test_length_is_said_once(lengths):
    """Both or neither is a mistake of the user's."""
    with pytest.raises(UserError, match="set one of the two"):
        make_plan({**PAPER, **lengths}, steps_per_epoch=5)


def test_a_batch_larger_than_the_data_is_said():
    """No step an epoch would train nothing, silently."""
    with pytest.raises(UserError, match="batch_size=512 is too large"):
        make_plan(PAPER, steps_per_epoch=0)
