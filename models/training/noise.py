"""Synthesised noise: cabins, kitchens, crowds, radios.

No recording is used, so nothing here can leak into a test.  Every function gives a float array
whose loudest sample is 1; levels are set when noise meets speech (`mixing.py`).

Source for the cabin: 58 % of a car's noise energy lies below 200 Hz and 97 % below 500 Hz.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.signal import fftconvolve

RATE_HZ = 16_000
Samples = NDArray[np.float64]
Maker = Callable[[Generator, int], Samples]


def coloured(rng: Generator, count: int, points: Sequence[tuple[float, float]]) -> Samples:
    """Steady noise whose spectrum runs through (hertz, decibel) points."""
    spectrum = np.fft.rfft(rng.normal(size=count))
    hertz = np.fft.rfftfreq(count, 1 / RATE_HZ)
    at, decibel = np.array(points).T
    gain = np.interp(np.log(hertz + 1), np.log(at + 1), decibel)
    return np.fft.irfft(spectrum * 10 ** (gain / 20), count)


def slow(rng: Generator, count: int, rate_hz: float, depth_db: float) -> Samples:
    """A gain that wanders by about `depth_db`, `rate_hz` times a second."""
    knots = rng.normal(size=max(4, int(count / RATE_HZ * rate_hz) + 2))
    track = np.interp(np.linspace(0, len(knots) - 1, count), np.arange(len(knots)), knots)
    return 10 ** (depth_db * track / 20)


def harmonics(rng: Generator, count: int, base_hz: float, partials: int, wander: float) -> Samples:
    """A hum with falling partials whose pitch wanders by the share `wander`."""
    pitch = base_hz * slow(rng, count, 0.5, 8.7 * wander)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE_HZ
    strength = rng.uniform(0.2, 1, partials) / np.arange(1, partials + 1) ** rng.uniform(0.5, 1.5)
    turn = rng.uniform(0, 2 * np.pi, partials)
    return sum(
        (
            s * np.sin((k + 1) * phase + t)
            for k, (s, t) in enumerate(zip(strength, turn, strict=True))
        ),
        np.zeros(count),
    )


def strikes(
    rng: Generator,
    count: int,
    times: NDArray[np.float64],
    hertz: tuple[float, float],
    decay_s: float,
) -> Samples:
    """Struck bodies: at each time (seconds) some ringing resonances and a click."""
    sound = np.zeros(count)
    length = int(RATE_HZ * min(1.0, 6 * decay_s))
    clock = np.arange(length) / RATE_HZ
    for time in times:
        low, high = math.log(hertz[0]), math.log(hertz[1])
        modes = np.exp(rng.uniform(low, high, size=int(rng.integers(2, 7))))
        decays = decay_s * rng.lognormal(0, 0.5, size=len(modes))[:, None]
        ring = np.sin(2 * np.pi * modes[:, None] * clock + rng.uniform(0, 6.3, (len(modes), 1)))
        hit = (ring * np.exp(-clock / decays)).mean(axis=0)
        hit[:48] += rng.normal(0, rng.uniform(0.1, 0.8), 48) * np.hanning(48)
        start = int(time * RATE_HZ)
        stop = min(count, start + length)
        if 0 <= start < stop:
            sound[start:stop] += rng.lognormal(0, 0.8) * hit[: stop - start]
    return sound


def happenings(rng: Generator, count: int, rate_hz: float) -> NDArray[np.float64]:
    """Random times in seconds that come in clusters, as things put down one after another do."""
    seconds = count / RATE_HZ
    clusters = rng.uniform(0, seconds, max(1, rng.poisson(seconds * rate_hz / 3)))
    near = rng.exponential(0.25, (len(clusters), 3)).cumsum(axis=1)
    return np.asarray((clusters[:, None] + near).ravel())


def cabin(rng: Generator, count: int) -> Samples:
    """Tyres, engine, wind: nearly everything below 500 Hz."""
    knee = rng.uniform(60, 200)
    tail = rng.uniform(-62, -38)
    road = coloured(
        rng, count, [(20, rng.uniform(-12, 0)), (knee, 0), (3 * knee, rng.uniform(-20, -10)),
                     (1000, rng.uniform(-40, -26)), (8000, tail)],
    )  # fmt: skip
    road = unit(road) * slow(rng, count, 1.0, rng.uniform(0.2, 2.0))
    engine = harmonics(rng, count, rng.uniform(22, 110), int(rng.integers(3, 16)), 0.05)
    wind = coloured(rng, count, [(20, -10), (300, 0), (1500, -10), (8000, rng.uniform(-50, -25))])
    wind = unit(wind) * slow(rng, count, 3.0, 3.0)
    return road + rng.uniform(0, 0.6) * unit(engine) + rng.uniform(0, 0.12) * wind


def fan(rng: Generator, count: int) -> Samples:
    """Ventilation: broad, falling, with a blade tone."""
    centre, slope = rng.uniform(150, 1500), rng.uniform(3, 9)
    points = [(hertz, -slope * abs(np.log2(hertz / centre))) for hertz in (50, centre, 2000, 8000)]
    air = coloured(rng, count, sorted(points))
    blades = harmonics(rng, count, rng.uniform(60, 400), int(rng.integers(1, 6)), 0.01)
    return unit(air) + rng.uniform(0, 0.4) * unit(blades)


def rain(rng: Generator, count: int) -> Samples:
    """Drops on a roof, wipers now and then."""
    drops = rng.normal(size=count) * (rng.random(count) < rng.uniform(0.002, 0.05))
    body = rng.normal(size=400) * np.exp(-np.arange(400) / rng.uniform(8, 60))
    shower = fftconvolve(drops, body)[:count]
    hiss = unit(coloured(rng, count, [(50, -20), (1000, -6), (4000, 0), (8000, -8)]))
    wiper = hiss * np.maximum(0, np.sin(np.arange(count) * rng.uniform(3, 7) / RATE_HZ)) ** 6
    return np.asarray(unit(shower) + rng.uniform(0.1, 0.6) * hiss + wiper)


def indicator(rng: Generator, count: int) -> Samples:
    """Relay clicks at a steady pace."""
    pace = rng.uniform(0.3, 0.5)
    times = np.arange(rng.uniform(0, pace), count / RATE_HZ, pace)
    return strikes(rng, count, times, (800, 5000), rng.uniform(0.002, 0.01))


def clatter(rng: Generator, count: int) -> Samples:
    """Dishes, cutlery, cupboards."""
    bright = strikes(rng, count, happenings(rng, count, rng.uniform(0.5, 5)), (900, 7500),
                     rng.uniform(0.01, 0.12))  # fmt: skip
    dull = strikes(rng, count, happenings(rng, count, rng.uniform(0.2, 2)), (60, 900),
                   rng.uniform(0.01, 0.06))  # fmt: skip
    return bright + rng.uniform(0, 2) * dull


def water(rng: Generator, count: int) -> Samples:
    """A tap or something frying: bright hiss that wavers, with bubbles."""
    low = rng.uniform(200, 1500)
    hiss = coloured(rng, count, [(50, -30), (low, 0), (4 * low, rng.uniform(-6, 6)),
                                 (8000, rng.uniform(-25, 0))])  # fmt: skip
    hiss = unit(hiss) * slow(rng, count, 6.0, rng.uniform(0.5, 3))
    bubbles = strikes(rng, count, happenings(rng, count, rng.uniform(2, 20)), (300, 2500), 0.01)
    return hiss + rng.uniform(0, 0.9) * unit(bubbles)


def appliance(rng: Generator, count: int) -> Samples:
    """A refrigerator, a hood, a microwave oven: mains hum and its partials over air."""
    hum = harmonics(rng, count, float(rng.choice([50.0, 60.0, 100.0, 120.0])), 20, 0.0)
    air = fan(rng, count)
    return unit(hum) + rng.uniform(0.1, 2) * unit(air)


def kitchen(rng: Generator, count: int) -> Samples:
    """Things happening over a floor of water and appliances, in a room."""
    things = clatter(rng, count)
    floor = rng.choice(np.array([water, appliance, fan], dtype=object))(rng, count)
    floor *= np.abs(things).max() * 10 ** (rng.uniform(-30, -8) / 20) / np.abs(floor).max()
    return echo(rng, things + floor, rng.uniform(0.15, 0.6))


def music(rng: Generator, count: int) -> Samples:
    """Chords, a bass and a beat: what a radio plays between talk."""
    beat = rng.uniform(0.3, 0.7)
    sound = np.zeros(count)
    for start in np.arange(0, count / RATE_HZ, 4 * beat):
        begin = int(start * RATE_HZ)
        length = min(int(4 * beat * RATE_HZ), count - begin)
        root = 110 * 2 ** (rng.integers(0, 24) / 12)
        for interval in (0, *rng.choice([3, 4, 7, 9, 10, 12], 3, replace=False)):
            tone = harmonics(
                rng, length, root * 2 ** (interval / 12), int(rng.integers(3, 12)), 0.002
            )
            sound[begin : begin + length] += tone * rng.uniform(0.2, 1)
    beats = np.arange(0, count / RATE_HZ, beat)
    drums = strikes(rng, count, beats, (60, 200), 0.05) + strikes(
        rng, count, beats / 2, (3000, 7900), 0.02
    )
    return unit(sound) + rng.uniform(0, 3) * unit(drums)


def floor_noise(rng: Generator, count: int) -> Samples:
    """Any steady spectrum at all."""
    points = [(hertz, rng.uniform(-30, 0)) for hertz in (20, 100, 300, 1000, 3000, 8000)]
    return coloured(rng, count, points)


def echo(rng: Generator, sound: Samples, decay_s: float) -> Samples:
    """The same sound in a room whose reverberation dies by 60 dB in `decay_s`."""
    return np.asarray(fftconvolve(sound, impulse_response(rng, decay_s))[: len(sound)])


def impulse_response(rng: Generator, decay_s: float) -> Samples:
    """Direct sound, a few early reflections and a decaying tail that darkens."""
    length = int(RATE_HZ * min(decay_s, 0.8))
    clock = np.arange(length) / RATE_HZ
    tail = rng.normal(size=length) * np.exp(-6.9 * clock / decay_s)
    smooth = rng.uniform(0.0, 0.7)
    tail[1:] = (1 - smooth) * tail[1:] + smooth * tail[:-1]
    tail[: int(RATE_HZ * rng.uniform(0.001, 0.008))] = 0
    for delay in rng.uniform(0.0008, 0.02, rng.integers(1, 6)):
        tail[min(length - 1, int(delay * RATE_HZ))] += rng.uniform(-1, 1) * 3
    tail *= 10 ** (rng.uniform(-16, 0) / 20) / max(np.sqrt((tail**2).sum()), 1e-9)
    tail[0] = 1.0
    return tail


MAKERS: dict[str, tuple[Maker, float]] = {
    "cabin": (cabin, 4.0),
    "fan": (fan, 1.0),
    "rain": (rain, 0.7),
    "indicator": (indicator, 0.3),
    "clatter": (clatter, 1.0),
    "water": (water, 1.0),
    "appliance": (appliance, 0.7),
    "kitchen": (kitchen, 3.0),
    "music": (music, 0.8),
    "floor": (floor_noise, 1.5),
}
"""Kind -> maker and its share among the noises; crowds come from speech, see `crowd`."""


def crowd(rng: Generator, voices: Sequence[NDArray[np.floating]], count: int) -> Samples:
    """People talking elsewhere in the room or on the radio: looped, echoing, at many levels."""
    total = np.zeros(count)
    for voice in voices:
        looped = np.resize(np.roll(voice, rng.integers(len(voice))), count)
        total += unit(echo(rng, looped, rng.uniform(0.1, 0.8))) * rng.lognormal(0, 0.5)
    return total


def unit(sound: Samples) -> Samples:
    """The same sound with a standard deviation of 1."""
    return np.asarray(sound / max(float(sound.std()), 1e-6))


def normalised(sound: Samples) -> Samples:
    """The same sound with its loudest sample at 1."""
    return sound / max(float(np.abs(sound).max()), 1e-9)
