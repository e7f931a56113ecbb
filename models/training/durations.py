"""Beside step 1: how many output frames a phone lasts; `phones.NEVER_SHORT` was read off this.

python -m models.training.durations WORK
"""

import argparse
from collections import Counter, defaultdict
from pathlib import Path

from models.training.corpora import Aligned, alignments
from models.training.network import SUBSAMPLING

MOST = 4
"""Longer ones are counted with these."""


def output_frames(phone: Aligned) -> int:
    """Of which the network sees at least the first, even where none falls into the phone."""
    end = phone.start + phone.frames
    return max(1, -(-end // SUBSAMPLING) + -phone.start // SUBSAMPLING)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    counts: dict[str, Counter[int]] = defaultdict(Counter)
    for path in parser.parse_args().work.glob("*.alignment.jsonl.gz"):
        for said in alignments(path).values():
            for phone in said:
                counts[phone.phone][min(output_frames(phone), MOST)] += 1
    for name, lasted in sorted(counts.items()):
        shares = (f"{lasted[count] / lasted.total():7.1%}" for count in range(1, MOST + 1))
        print(f"{name:5}{lasted.total():7}", *shares)


if __name__ == "__main__":
    main()
