"""The car's end of a SIP call on loopback: settings that need neither registrar nor hardware."""

from __future__ import annotations

from pathlib import Path

from parts import free_sip_port


def direct(voice: Path | None = None, **more: str) -> dict[str, str]:
    """Settings of a line that is called, and calls, without a registrar.

    It speaks the WAV file `voice` and plays what it hears to nobody; without `voice`, the default
    devices are used.
    """
    listen = f"127.0.0.1:{free_sip_port()}"
    own = {
        "account": f"sip:car@{listen}",
        "register": "no",
        "listen": listen,
        "interface": "127.0.0.1",
    }
    devices = {"microphone": f"aufile,{voice}", "speaker": "aufile,/dev/null"} if voice else {}
    return {**own, **devices, **more}
