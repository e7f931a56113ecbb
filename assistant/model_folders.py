"""Where the speech model of a language lies: installed, or embedded in the program.

A model lies in the driver's data folder under its language and wins over the embedded one there.
Apart from `catalogue`, which fetches models, because a drive needs no download.
"""

from __future__ import annotations

from pathlib import Path

from assistant.errors import ModelMissing
from assistant.services.textfile import data_folder

_ROOT = Path(__file__).parent


def model_folder(configured: str, language: str) -> Path:
    """The configured model, else the installed one of the language, else the embedded one.

    Raises: ModelMissing, which says what to install.
    """
    if configured:
        return Path(configured).expanduser()
    for folder in (installed(language), beside(language)):
        if folder.is_dir():
            return folder
    problem = "is not installed, so only typed sentences are understood"
    raise ModelMissing(str(installed(language)), f"{problem}: roadcall models install {language}")


def installed(language: str) -> Path:
    return data_folder() / "models" / language


def beside(name: str) -> Path:
    """What came with the program: in the wheel, or in a checkout beside it."""
    packaged = _ROOT / "models" / name
    return packaged if packaged.exists() else _ROOT.parent / "models" / name
