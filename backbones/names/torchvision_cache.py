"""Published weights of torchvision, from its own cache and nowhere else."""

from pathlib import Path

import torch
from torchvision.models import get_weight

from mnv3.tools.errors import UserError


def cached(name: str, what: str) -> Path:
    """The file of the weights of that `name`, "MobileNet_V2_Weights.DEFAULT", in torchvision's cache; never downloads.

    Raises UserError if it is not there, with its address, size and place, and the command that fetches it. `what`
    begins that sentence.
    """
    weights = get_weight(name)
    path = Path(torch.hub.get_dir()) / "checkpoints" / Path(weights.url).name
    if not path.exists():
        raise UserError(
            f"{what} are not in torchvision's cache: {path} is missing. Fetch {weights.url} "
            f"({weights.meta['_file_size']:.0f} MB) to that place with: "
            f'python -c "import torch; torch.hub.load_state_dict_from_url({weights.url!r})"'
        )
    return path
