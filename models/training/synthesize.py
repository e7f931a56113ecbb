"""Step 0: a corpus of synthetic driver sentences, for words that the real corpora lack.

    python -m models.training.synthesize WORK/synthetic --sentences 2200

Makes a corpus folder like the others (manifest and audio).  The voices are those of flite and
espeak-ng, run as child processes.  They are no people: keep them under a third of the data and
never test on them alone.
"""

import argparse
import json
import random
import re
import subprocess
from pathlib import Path

import soundfile
import soxr

from models.training.corpora import SAMPLE_RATE_HZ
from models.training.export import cmu_dictionary, lexicon_entries

FLITE_VOICES = ("slt", "rms", "awb", "kal16")
ESPEAK_VOICES = ("en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-029", "en-gb-x-gbclan")
CHOICES = {
    "name": "anna|ben|carla|david|emma|frank|grace|henry|irene|jack|kate|lucas|maria|nina|oliver|"
    "paul|rachel|simon|tom|victor|mister {word}|{word}|{word} {word}",
    "number": "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|"
    "thirty|forty five|fifty|a hundred",
    "time": "{number} o'clock|{number} thirty|half past {number}|quarter to {number}|noon|"
    "{number} p m|{number} a m",
    "day": "today|tomorrow|monday|tuesday|wednesday|thursday|friday|saturday|sunday|next week|"
    "this afternoon|tonight|the day after tomorrow|next {day}",
    "meeting": "meeting|call|stand up|review|appointment|sync|interview|{word} meeting",
    "thing": "coffee|tea|water|milk|sugar|lights|music|volume|window|heating|door|radio|{word}",
    "sentence": "call {name}|call {name} on the mobile|what's my next {meeting}|join my {meeting}|"
    "when is the {meeting} with {name}|who is in the {meeting}|do i have anything {day}|"
    "what's on {day} at {time}|cancel that|yes please|no thanks|stop|go back|repeat that|"
    "tell {name} i am {number} minutes late|send a message to {name}|hang up|dial in to the "
    "{meeting}|read my agenda for {day}|remind me at {time}|turn the {thing} up|switch off the "
    "{thing}|make me a large {thing} with {thing}|set the {thing} to {number}|can i have "
    "{number} {thing} and a small {thing}|{number} {number} {number} {number}|{word} {word} "
    "{word} {word}|never mind|move the {meeting} to {time}|how long until the {meeting}",
}


def sentence(rng: random.Random, words: list[str], key: str = "sentence") -> str:
    """A random sentence; `{word}` is any word of the dictionary."""
    chosen = rng.choice(CHOICES[key].split("|"))

    def fill(match: re.Match[str]) -> str:
        slot = match.group(1)
        return rng.choice(words) if slot == "word" else sentence(rng, words, slot)

    return re.sub(r"\{(\w+)\}", fill, chosen)


def speak(text: str, rng: random.Random, path: Path) -> str:
    """Writes `path` as 16 kHz audio and returns the name of the voice."""
    raw = path.with_suffix(".raw.wav")
    if rng.random() < 0.7:
        voice = rng.choice(FLITE_VOICES)
        stretch = f"duration_stretch={rng.uniform(0.8, 1.25):.2f}"
        pitch = f"int_f0_target_mean={rng.uniform(85, 230):.0f}"
        command = ["flite", "-voice", voice, "--setf", stretch, "--setf", pitch]
        command += ["-t", text, "-o", str(raw)]
    else:
        voice = f"{rng.choice(ESPEAK_VOICES)}+{rng.choice('mf')}{rng.randint(1, 4)}"
        pace = ["-s", str(rng.randint(130, 200)), "-p", str(rng.randint(20, 80))]
        command = ["espeak-ng", "-v", voice, *pace, "-w", str(raw), text]
    subprocess.run(command, check=True, capture_output=True)
    samples, rate = soundfile.read(raw, dtype="float32")
    raw.unlink()
    soundfile.write(path, soxr.resample(samples, rate, SAMPLE_RATE_HZ), SAMPLE_RATE_HZ)
    return voice


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--sentences", type=int, default=2200)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    words = sorted({w for w, _ in lexicon_entries(cmu_dictionary()) if w.isalpha() and len(w) > 2})
    (arguments.out / "audio").mkdir(parents=True, exist_ok=True)
    with (arguments.out / "manifest.jsonl").open("w") as manifest:
        for index in range(arguments.sentences):
            text, path = sentence(rng, words), arguments.out / f"audio/{index:05d}.flac"
            voice = speak(text, rng, path)
            row = {"audio": f"audio/{path.name}", "text": text, "speaker": voice, "lang": "en"}
            row["seconds"] = soundfile.info(path).duration
            manifest.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
