"""The speech models: which a language uses, and `roadcall models` to fetch the vendor's.

Neighbours: `model_folders` knows where a model lies, `services.download` and `services.unpack`
bring it, `speech.recognizer` opens it.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import tomllib
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

from assistant.errors import BrokenAnswer, ConfigError, ModelMissing, Refused
from assistant.model_folders import beside, installed
from assistant.services.download import Offer, download, need_space
from assistant.services.unpack import unpack
from assistant.speech.official import Official

_UNPACKED = 8
"""A model takes up to that many times the size of its archive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A model of the catalogue."""

    language: str
    """ISO 639 code."""
    name: str
    """The vendor's."""
    size: int
    """Bytes of the archive."""
    md5: str
    licence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    address: str
    """`{name}` is the vendor's name of a model."""
    models: dict[str, Entry]

    def entry(self, name: str) -> Entry:
        """Raises ConfigError for a model that is not there."""
        if name not in self.models:
            known = ", ".join(sorted(self.models))
            raise ConfigError("models", name or "NAME", f"is not known; known: {known}")
        return self.models[name]


def read_catalogue(path: Path | None = None) -> Catalogue:
    table = tomllib.loads((path or beside("catalogue.toml")).read_text("utf-8"))
    models = {name: Entry(**entry) for name, entry in table["models"].items()}
    return Catalogue(address=table["address"], models=models)


def run(options: argparse.Namespace) -> int:
    """`roadcall models`."""
    catalogue = read_catalogue()
    match options.action:
        case "install":
            install(catalogue, options.name)
        case "remove":
            remove(catalogue.entry(options.name).language)
        case _:
            show(catalogue, as_json=options.json)
    return 0


def show(catalogue: Catalogue, *, as_json: bool) -> None:
    """A line per model: what it is, whether it is there, which locales it serves."""
    for entry in catalogue.models.values():
        is_installed = installed(entry.language).is_dir()
        is_embedded = beside(entry.language).is_dir()
        state = "installed" if is_installed else "embedded" if is_embedded else "-"
        locales = [tag for tag in _locales() if tag.partition("-")[0] == entry.language]
        used = ", ".join(locales) if is_installed or is_embedded else ""
        if as_json:
            print(json.dumps({**asdict(entry), "state": state, "locales": locales}))
        else:
            size = f"{entry.size / 1e6:.0f} MB"
            print(f"{entry.language:<3} {state:<10} {size:>6}  {entry.name:<30} {used}".rstrip())


def install(catalogue: Catalogue, name: str) -> Path:
    """Fetches a model, tries it and puts it in its place; returns the place.

    Raises: ConfigError, ServiceError, ModelMissing.
    """
    entry = catalogue.entry(name)
    offer = Offer(url=catalogue.address.format(name=entry.name), size=entry.size, md5=entry.md5)
    place = installed(entry.language)
    archive = place.parent / f"{entry.name}.zip"
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        if not archive.is_file():
            _download(offer, archive)
        need_space(place.parent, entry.size * 2)
        with tempfile.TemporaryDirectory(prefix=".new-", dir=place.parent) as folder:
            _put_in_place(archive, Path(folder), place, entry)
    except OSError as error:
        raise Refused(str(place.parent), f"cannot be written ({error.strerror})") from error
    except (BrokenAnswer, ModelMissing):
        archive.unlink(missing_ok=True)
        raise
    archive.unlink(missing_ok=True)
    print(f"{entry.name} is installed in {place}")
    return place


def remove(language: str) -> None:
    """Raises ModelMissing when none is installed."""
    place = installed(language)
    if not place.is_dir():
        raise ModelMissing(str(place), "is not installed")
    shutil.rmtree(place)
    print(f"{place} is removed")


def _download(offer: Offer, archive: Path) -> None:
    columns = ("{task.description}", BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(archive.name, total=offer.size)
        download(offer, archive, lambda have, _: bar.update(task, completed=have))


def _put_in_place(archive: Path, folder: Path, place: Path, entry: Entry) -> None:
    """Unpacks into `folder`, opens the model and only then lets it take the place of an old one."""
    unpack(archive, folder, entry.size * _UNPACKED)
    found = sorted(folder.glob("*/am/final.mdl")) + sorted(folder.glob("am/final.mdl"))
    if not found:
        raise BrokenAnswer(archive.name, "holds no speech model")
    new = found[0].parents[1]
    print("working out how its words sound …")
    Official(new, entry.language).prepare()
    old = folder / "old"
    if place.is_dir():
        place.rename(old)
    new.replace(place)


def _locales() -> list[str]:
    files = (resources.files("assistant") / "locales").iterdir()
    return sorted(file.name.removesuffix(".toml") for file in files)
