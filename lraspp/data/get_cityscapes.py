"""Download Cityscapes with its authors' downloader, because their licence requires an account."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from mnv3.tools.data.download import unpack
from mnv3.tools.errors import UserError
from mnv3.tools.files.write import make_folder

PACKAGES = {"gtFine_trainvaltest.zip": ("gtFine", "241 MB"), "leftImg8bit_trainvaltest.zip": ("leftImg8bit", "11 GB")}
"""Package -> its folder once unpacked, and its size."""

DOWNLOADER = "cityscapesscripts.download.downloader"
"""The module that cityscapesscripts installs as `csDownload`."""


def get_cityscapes(folder: Path, *, dry: bool = False, log: Callable[[str], None] = print) -> None:
    """Download the missing PACKAGES to `folder` with csDownload's login, and unpack them. `dry`: only list them.

    Raises UserError: no stored account and no terminal to ask for it, or a failed download.
    """
    missing = {package: made for package, made in PACKAGES.items() if not (folder / made[0]).is_dir()}
    for package, (made, size) in PACKAGES.items():
        log(f"{size}  {package} -> {folder}" if package in missing else f"{folder / made} exists already.")
    if dry or not missing:
        return
    if not _has_account() and not sys.stdin.isatty():
        raise UserError(
            "Cityscapes needs an account (https://www.cityscapes-dataset.com/register/), and there is no terminal to "
            "ask for it. Run `csDownload -l` once in a terminal and let it store the login; then repeat this command."
        )
    make_folder(folder)
    for package in missing:
        # In its own process, because its login prompts on the terminal; it resumes an interrupted download.
        command = [sys.executable, "-m", DOWNLOADER, "--resume", "--destination_path", str(folder), package]
        if subprocess.run(command, check=False).returncode != 0:
            raise UserError(
                f"csDownload could not get {package}; its message is above. Repeat the command to resume; if that "
                f"fails, remove {folder / package} first."
            )
        log(f"Unpacking {folder / package}")
        unpack(folder / package, folder)
        (folder / package).unlink()
    log(f"Cityscapes is in {folder}.")


def _has_account() -> bool:
    """Whether csDownload has a stored login."""
    import appdirs  # a dependency of cityscapesscripts

    return (Path(appdirs.user_data_dir("cityscapesscripts", "cityscapes")) / "credentials.json").is_file()
