"""Find torchvision's published weights in its cache."""

from pathlib import Path

from mnv3.tools.errors import UserError


def how_to_fetch(name: str) -> str:
    """Return URL, size and download command of weights `name`, for a sentence that begins with "fetch"."""
    from torchvision.models import get_weight  # takes a second: it imports PyTorch's compiler

    weights = get_weight(name)
    return (
        f"{weights.url} ({weights.meta['_file_size']:.0f} MB) to torchvision's cache with: "
        f'python -c "import torch; torch.hub.load_state_dict_from_url({weights.url!r})"'
    )


def cached(name: str, what: str) -> Path:
    """Return the file of weights `name` ("MobileNet_V2_Weights.DEFAULT") in torchvision's cache; never download.

    Raises UserError if it is missing, with URL, size, path and download command; `what` begins the sentence.
    """
    import torch
    from torchvision.models import get_weight

    weights = get_weight(name)
    path = Path(torch.hub.get_dir()) / "checkpoints" / Path(weights.url).name
    if not path.exists():
        raise UserError(f"{what} are not in torchvision's cache: {path} is missing. Fetch {how_to_fetch(name)}")
    return path
