"""Step 4, too: the words that speech outside the grammar is made of, for the filler.

    python -m models.training.common_words CORPORA MODEL

The commonest words of what is trained on, as far as the model's dictionary has them, one a line,
the commonest first.
"""

import argparse
from collections import Counter
from pathlib import Path

from assistant.speech.graph import COMMON_WORDS
from assistant.speech.lexicon import Lexicon
from models.training.corpora import utterances

COUNT = 3000
SINGLE_WORDS = ("speech-commands", "precise-community")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpora", type=Path)
    parser.add_argument("model", type=Path)
    arguments = parser.parse_args()
    counts: Counter[str] = Counter()
    for utterance in utterances(arguments.corpora):
        if utterance.corpus not in SINGLE_WORDS and not utterance.is_held_out:
            counts.update(utterance.words)
    lexicon = Lexicon(arguments.model)
    known = [word for word in counts if lexicon.is_sure(word)]
    chosen = sorted(known, key=lambda word: (-counts[word], word))[:COUNT]
    (arguments.model / COMMON_WORDS).write_text("\n".join(chosen) + "\n", "utf-8")


if __name__ == "__main__":
    main()
