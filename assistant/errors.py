"""Everything that can go wrong, each with something to say.

A class exists only if the driver should hear something different or the program must do
something different. `say` is a key of the locale file's `[errors]` table; the instance's
fields fill the placeholders of that sentence. Vendor exceptions are mapped to these once,
in the one file that knows the vendor.
"""

from __future__ import annotations

import traceback
from pathlib import PurePath


class AssistantError(Exception):
    """Root of the tree. `say` names the sentence, `values` fills it, `str()` is the log line."""

    say = "internal"

    def __init__(self, message: str = "", **values: str) -> None:
        self.values = values
        super().__init__(message or f"{type(self).__name__} {values}".strip())


class ConfigError(AssistantError):
    """A setting, file or optional package is wrong or missing; says which and the way out."""

    say = "config"

    def __init__(self, file: str, key: str, expected: str) -> None:
        super().__init__(f"{file}: {key}: {expected}", file=file, key=key, expected=expected)


class SpeechError(AssistantError):
    """The driver's words could not be used."""


class BadAudio(SpeechError):
    """An audio file cannot be read or is not speech-shaped (format, length)."""

    say = "bad_audio"

    def __init__(self, file: str, problem: str) -> None:
        super().__init__(f"{file}: {problem}", file=file, problem=problem)


class NoInput(SpeechError):
    """Nothing was said."""

    say = "no_input"


class NotUnderstood(SpeechError):
    """Something was said that no template covers."""

    say = "not_understood"

    def __init__(self, heard: str) -> None:
        super().__init__(f"not understood: {heard!r}", heard=heard)


class BadSlot(SpeechError):
    """A part of the sentence was understood in kind but not in value ("31 February")."""

    say = "bad_slot"

    def __init__(self, slot: str, heard: str) -> None:
        super().__init__(f"bad {slot}: {heard!r}", slot=slot, heard=heard)


class ServiceError(AssistantError):
    """A calendar, contact or sign-in service failed. `retryable`: trying again may help."""

    say = "service"
    retryable = False

    def __init__(self, service: str, message: str = "", **values: str) -> None:
        super().__init__(f"{service}: {message or type(self).__name__}", service=service, **values)


class Unreachable(ServiceError):
    say = "unreachable"
    retryable = True


class CutOff(Unreachable):
    """The connection broke after it stood: what was asked may have been done."""


class TooSlow(ServiceError):
    say = "too_slow"
    retryable = True


class OutOfView(ServiceError):
    """Asked about days of which there is no copy."""

    say = "out_of_view"


class NotDone(ServiceError):
    """The order of the driver never reached the service: nothing has happened."""

    say = "not_done"


class MaybeDone(ServiceError):
    """The order was given, and no readable answer came."""

    say = "maybe_done"


class RateLimited(ServiceError):
    """The service asked us to wait `retry_after_s` seconds."""

    say = "rate_limited"
    retryable = True

    def __init__(self, service: str, retry_after_s: float) -> None:
        super().__init__(service, f"asks to wait {retry_after_s:.0f} s")
        self.retry_after_s = retry_after_s


class SignInNeeded(ServiceError):
    say = "sign_in_needed"


class CodeExpired(ServiceError):
    """Nobody entered the code of a sign-in in time."""

    say = "code_expired"


class SignInDeclined(ServiceError):
    """Whoever entered the code of a sign-in said no."""

    say = "sign_in_declined"


class Refused(ServiceError):
    """The service understood and said no (permission, policy, read-only calendar)."""

    say = "refused"


class ReadOnly(Refused):
    say = "read_only"


class NotFound(ServiceError):
    say = "not_found"


class NoCalendar(ServiceError):
    """None is set up: nothing is known of the day, which is not the same as a free day."""

    say = "no_calendar"


class BrokenAnswer(ServiceError):
    """The service answered with something that is not what its contract says."""

    say = "broken_answer"
    retryable = True

    @classmethod
    def unexpected(cls, service: str, error: Exception) -> BrokenAnswer:
        """What nobody foresaw, by kind and place: the words of a foreign exception may hold a
        password or somebody's appointment."""
        if isinstance(error, AssistantError):
            return cls(service, str(error))
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{PurePath(frame.filename).name}:{frame.lineno}"
        return cls(service, f"unexpected {type(error).__name__} in {place}")


class CallError(AssistantError):
    """A call could not be placed or failed."""


class NoSuchContact(CallError):
    say = "no_such_contact"

    def __init__(self, heard: str) -> None:
        super().__init__(f"no contact for {heard!r}", heard=heard)


class NoNumber(CallError):
    say = "no_number"

    def __init__(self, contact: str) -> None:
        super().__init__(f"no number for {contact}", contact=contact)


class Busy(CallError):
    """A call is already up; a second one is never placed over it."""

    say = "busy"


class NoHandler(CallError):
    """Nothing on this machine opens links of this scheme (`tel`, `sip`, `skype`, …)."""

    say = "no_handler"

    def __init__(self, scheme: str) -> None:
        super().__init__(f"no program opens {scheme}: links", scheme=scheme)


class CallFailed(CallError):
    """The line refused or lost the call; `code` is the line's own word for it."""

    say = "call_failed"

    def __init__(self, code: str) -> None:
        super().__init__(f"call failed: {code}", code=code)


class TonesRefused(CallError):
    """Keypad tones did not go through; a conference still waits for its id."""

    say = "tones_refused"


class OnTelephone(CallError):
    """The call is up, and what was asked for can only be done on the telephone that has it."""

    say = "on_telephone"


class UnsafeTarget(CallError):
    """A number or link not to be dialled as it stands (injection, premium rate, foreign host)."""

    say = "unsafe_target"

    def __init__(self, target: str, problem: str) -> None:
        super().__init__(f"{target}: {problem}", target=target, problem=problem)


class DeviceError(AssistantError):
    """Hardware or an installed model or voice is missing or went away."""


class MicrophoneLost(DeviceError):
    say = "microphone_lost"

    def __init__(self, device: str, problem: str = "no sound comes from it") -> None:
        super().__init__(f"microphone lost: {device}: {problem}", device=device)


class SpeakerLost(DeviceError):
    say = "speaker_lost"

    def __init__(self, device: str) -> None:
        super().__init__(f"speaker lost: {device}", device=device)


class ButtonLost(DeviceError):
    say = "button_lost"

    def __init__(self, device: str) -> None:
        super().__init__(f"button lost: {device}", device=device)


class EarWorn(DeviceError):
    """Sound goes to a device at the driver's ear, in a market where the law forbids that."""

    say = "ear_worn"


class ModelMissing(DeviceError):
    say = "model_missing"

    def __init__(self, path: str, problem: str = "not found") -> None:
        super().__init__(f"speech model {path}: {problem}", path=path, problem=problem)


class VoiceMissing(DeviceError):
    say = "voice_missing"

    def __init__(self, tag: str, problem: str = "no voice") -> None:
        super().__init__(f"voice {tag}: {problem}", tag=tag, problem=problem)
