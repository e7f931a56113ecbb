"""The numbers used last, in a file of mode 0600 that `roadcall logout` removes.

What is read back is trusted no more than a contact: it is judged again before it is dialled.
"""

from __future__ import annotations

import json
import logging
from functools import partial
from pathlib import Path

from assistant.core.outcome import Action
from assistant.core.recent import Recent
from assistant.services.textfile import write_private

FILE = "calls.json"

log = logging.getLogger(__name__)


def load_recent(path: Path) -> Recent:
    """What `path` holds, and a Recent that writes itself there; a broken file counts as none."""
    recent = Recent(keep=partial(_save, path))
    try:
        raw = json.loads(path.read_text("utf-8"))
        recent.numbers = {str(name): str(uri) for name, uri in raw["numbers"].items()}
        if raw["last"]:
            target, name = raw["last"]
            recent.last = Action(kind="call", target=str(target), name=str(name))
    except FileNotFoundError:
        pass
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        log.warning("%s is not what was written there and is left aside: %s", path, error)
    return recent


def _save(path: Path, recent: Recent) -> None:
    last = [recent.last.target, recent.last.name] if recent.last else []
    try:
        write_private(path, json.dumps({"numbers": recent.numbers, "last": last}))
    except OSError as error:
        log.warning("the number used last cannot be kept: %s", error)
