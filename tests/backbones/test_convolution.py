"""Padding and mixed precision of the convolution."""

import pytest
import torch
import torch.nn.functional as F

from mnv3.backbones.convolution import Convolution


@pytest.mark.parametrize(("kernel", "size", "pads"), [(3, 8, (0, 1)), (3, 7, (1, 1)), (5, 8, (1, 2)), (5, 9, (2, 2))])
def test_same_padding_is_tensorflows(kernel, size, pads):
    layer = Convolution(2, 4, kernel, stride=2, padding="same")
    x = torch.randn(1, 2, size, size)
    expected = F.conv2d(F.pad(x, pads + pads), layer.weight, stride=2)
    torch.testing.assert_close(layer(x), expected)


@pytest.mark.parametrize(
    ("kernel", "stride", "dilation"), [(3, 1, 1), (3, 2, 1), (5, 1, 1), (5, 2, 1), (3, 1, 2), (5, 1, 2), (3, 1, 4)]
)
@pytest.mark.parametrize("padding", ["symmetric", "same"])
def test_depthwise_gradients_in_bfloat16_autocast(kernel, stride, dilation, padding):
    layer = Convolution(64, 64, kernel, stride=stride, dilation=dilation, groups=64, padding=padding)
    exact = torch.randn(2, 64, 24, 31).to(memory_format=torch.channels_last).requires_grad_()
    layer(exact).square().sum().backward()
    expected = layer.weight.grad
    layer.weight.grad = None
    rounded = exact.detach().bfloat16().requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        out = layer(rounded)
    assert out.dtype == torch.bfloat16
    out.float().square().sum().backward()
    assert expected is not None and layer.weight.grad is not None
    torch.testing.assert_close(layer.weight.grad, expected, atol=0.02 * float(expected.abs().max()), rtol=0)
    assert exact.grad is not None and rounded.grad is not None
    torch.testing.assert_close(rounded.grad.float(), exact.grad, atol=0.03 * float(exact.grad.abs().max()), rtol=0)
