"""Features, noise and mixing of the training recipe."""

import numpy as np
import pytest

soundfile = pytest.importorskip("soundfile", reason="the training recipe reads audio with it")
knf = pytest.importorskip("kaldi_native_fbank", reason="the reference for our features")
pytest.importorskip("scipy", reason="needs the extra 'train'")

from models.training import noise  # noqa: E402 - after the checks for the extra
from models.training.corpora import is_held_out, normalise_text  # noqa: E402
from models.training.features import FULL_SCALE, cepstral_map, log_mel, mfcc  # noqa: E402
from models.training.mixing import IGNORE, PAUSE, Mix, Mixer, Noise, Speech  # noqa: E402
from models.training.phones import SILENCE, onset, rest  # noqa: E402


def kaldi_mfcc(samples):
    options = knf.MfccOptions()
    options.frame_opts.dither = 0
    options.frame_opts.samp_freq = 16000
    options.mel_opts.num_bins = options.num_ceps = 40
    options.mel_opts.low_freq, options.mel_opts.high_freq = 20, -400
    options.use_energy = False
    computer = knf.OnlineMfcc(options)
    computer.accept_waveform(16000, (samples * FULL_SCALE).tolist())
    computer.input_finished()
    return np.stack([computer.get_frame(i) for i in range(computer.num_frames_ready)])


@pytest.mark.parametrize("level", [1e-4, 0.1, 0.9])
def test_features_equal_those_of_kaldi(level):
    samples = level * np.random.default_rng(0).uniform(-1, 1, 8000)
    assert np.allclose(mfcc(samples), kaldi_mfcc(samples), atol=2e-3)


def test_digital_silence_has_kaldi_features_too():
    samples = np.zeros(1600)
    assert np.allclose(mfcc(samples), kaldi_mfcc(samples), atol=2e-3)


def test_less_than_a_frame_gives_no_features():
    assert mfcc(np.zeros(399)).shape == (0, 40)


def test_a_warped_filter_bank_moves_a_tone_to_another_band():
    tone = np.sin(2 * np.pi * 1500 * np.arange(4000) / 16000)
    plain, warped = log_mel(tone)[0][3].argmax(), log_mel(tone, warp=1.12)[0][3].argmax()
    assert warped < plain


def test_nearly_all_of_a_cabin_lies_below_500_hz():
    rng = np.random.default_rng(3)
    shares = []
    for _ in range(8):
        power = np.abs(np.fft.rfft(noise.cabin(rng, 64_000))) ** 2
        hertz = np.fft.rfftfreq(64_000, 1 / 16_000)
        shares.append(power[hertz < 500].sum() / power.sum())
    assert np.median(shares) > 0.95


@pytest.mark.parametrize("kind", noise.MAKERS)
def test_every_noise_is_finite_audible_and_repeatable(kind):
    maker, _ = noise.MAKERS[kind]
    first, again = (maker(np.random.default_rng(5), 32_000) for _ in range(2))
    assert np.array_equal(first, again)
    assert np.isfinite(first).all()
    assert first.std() > 0


def test_an_echo_keeps_the_direct_sound_in_place():
    click = np.zeros(8000)
    click[1000] = 1.0
    heard = noise.echo(np.random.default_rng(1), click, 0.4)
    assert np.abs(heard[:1000]).max() < 1e-9
    assert heard[1000] == pytest.approx(1.0)


def test_held_out_speakers_are_few_and_always_the_same():
    held_out = [name for name in (f"speaker {n}" for n in range(1000)) if is_held_out(name)]
    assert 40 < len(held_out) < 130
    assert is_held_out(held_out[0])


def test_text_is_lower_case_words_with_inner_apostrophes():
    assert normalise_text("'IT’S time,' he said.") == ("it's", "time", "he", "said")


@pytest.fixture
def mixer(tmp_path):
    rng = np.random.default_rng(0)
    mel, energy = log_mel(rng.normal(0, 0.1, 32_000))
    frames = np.column_stack([mel, energy]).astype(np.float16)
    wanted = np.full(len(frames), onset("AA"), np.uint8)
    starts, corpora = np.array([0, len(frames)]), np.array(["some"])
    np.savez(
        tmp_path / "speech-0.npz", frames=frames, labels=wanted, starts=starts, corpora=corpora
    )
    mel, energy = log_mel(rng.normal(0, 0.1, 160_000))
    clips = np.column_stack([mel, energy]).astype(np.float16)[None]
    np.savez(tmp_path / "noise.npz", clips=clips, kinds=np.array(["cabin"]))

    def make(**changes):
        speech = Speech([tmp_path / "speech-0.npz"])
        return Mixer(speech, Noise(tmp_path / "noise.npz"), Mix(**changes))

    return make


def test_windows_have_speech_and_pauses_and_are_repeatable(mixer):
    first, labels = mixer(cold_start=0.0).window(np.random.default_rng(1), 600, 50)
    again, _ = mixer(cold_start=0.0).window(np.random.default_rng(1), 600, 50)
    assert np.array_equal(first, again)
    assert first.shape == (600, 40)
    assert {onset("AA"), rest(SILENCE)} <= set(labels.tolist())


def test_a_cold_start_repeats_the_first_frame_and_teaches_nothing_before_it(mixer):
    window, labels = mixer(cold_start=1.0).window(np.random.default_rng(1), 400, 50)
    assert (labels[:50] == IGNORE).all()
    assert np.allclose(window[:51], window[50], atol=1e-3)


def test_without_noise_a_pause_is_digital_silence(mixer):
    window, labels = mixer(silent=1.0, cold_start=0.0).window(np.random.default_rng(2), 900, 10)
    log_power = window @ np.linalg.inv(cepstral_map())
    pause = log_power[labels == rest(SILENCE)]
    assert PAUSE < pause.max() < -15


def test_powers_of_two_sounds_add_up_on_average():
    rng = np.random.default_rng(4)
    speech, other = rng.normal(0, 0.1, 160_000), rng.normal(0, 0.05, 160_000)
    added = np.exp(np.logaddexp(log_mel(speech)[0], log_mel(other)[0]))
    ratio = added.mean(axis=0) / np.exp(log_mel(speech + other)[0]).mean(axis=0)
    assert np.allclose(ratio, 1, atol=0.1)
