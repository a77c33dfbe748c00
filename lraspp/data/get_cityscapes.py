"""Cityscapes, by the downloader of its own authors: their licence asks for an account."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from mnv3.tools.data.download import unpack
from mnv3.tools.errors import UserError
from mnv3.tools.files.write import make_folder

PACKAGES = {"gtFine_trainvaltest.zip": ("gtFine", "241 MB"), "leftImg8bit_trainvaltest.zip": ("leftImg8bit", "11 GB")}
"""Package -> the folder it makes, and its size."""

DOWNLOADER = "cityscapesscripts.download.downloader"
"""What cityscapesscripts installs as `csDownload`."""


def get_cityscapes(folder: Path, *, dry: bool = False, log: Callable[[str], None] = print) -> None:
    """Download the missing PACKAGES to `folder`, by csDownload's login, and unpack them. `dry`: only say what comes.

    Raises UserError: no account is stored and there is no terminal to ask for it, or the download failed.
    """
    missing = {package: made for package, made in PACKAGES.items() if not (folder / made[0]).is_dir()}
    for package, (made, size) in PACKAGES.items():
        log(f"{size}  {package} -> {folder}" if package in missing else f"{folder / made} is there already.")
    if dry or not missing:
        return
    if not _has_account() and not sys.stdin.isatty():
        raise UserError(
            "Cityscapes needs an account (https://www.cityscapes-dataset.com/register/), and there is no terminal to "
            "ask for it. Run `csDownload -l` once in a terminal and let it store the login; then repeat this command."
        )
    make_folder(folder)
    for package in missing:
        # Its own process, because its login asks on the terminal; it goes on where a former call stopped.
        command = [sys.executable, "-m", DOWNLOADER, "--resume", "--destination_path", str(folder), package]
        if subprocess.run(command, check=False).returncode != 0:
            raise UserError(
                f"csDownload could not get {package}; its message is above. The same command goes on where this one "
                f"stopped; if it cannot, remove {folder / package} first."
            )
        log(f"Unpacking {folder / package}")
        unpack(folder / package, folder)
        (folder / package).unlink()
    log(f"Cityscapes is in {folder}.")


def _has_account() -> bool:
    """Whether csDownload has a stored login."""
    import appdirs  # which cityscapesscripts depends on

    return (Path(appdirs.user_data_dir("cityscapesscripts", "cityscapes")) / "credentials.json").is_file()
