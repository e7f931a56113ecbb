"""Downloads pip's own wheel, checked against the index's digest: for a Python without ensurepip.

Source: PEP 503 (simple repository index).
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from pathlib import Path
from urllib.parse import urljoin
from urllib.request import urlopen

WHEEL = re.compile(r'href="([^"#]*(pip-([\d.]+)-py3-none-any\.whl))#sha256=([0-9a-f]{64})"')


def main(folder: Path) -> None:
    index = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/") + "/pip/"
    with urlopen(index, timeout=60) as answer:
        wheels = WHEEL.findall(answer.read().decode())
    if not wheels:
        sys.exit(f"{index} lists no wheel of pip")
    newest = max(wheels, key=lambda wheel: tuple(map(int, wheel[2].split("."))))
    url, name, _, digest = newest
    with urlopen(urljoin(index, url), timeout=60) as answer:
        content = answer.read()
    if hashlib.sha256(content).hexdigest() != digest:
        sys.exit(f"{name}: the download is damaged")
    (folder / name).write_bytes(content)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
