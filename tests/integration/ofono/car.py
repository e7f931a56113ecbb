"""A real ofonod on a private bus, joined to our scripted telephone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ofono.atphone import AtPhone
from parts import eventually, need, running


@dataclass(frozen=True, kw_only=True)
class Handsfree:
    bus: str
    """D-Bus address."""
    phone: AtPhone


@contextmanager
def private_bus(folder: Path) -> Iterator[str]:
    """The address of a D-Bus that nothing else uses."""
    daemon = need("dbus-daemon", "dbus")
    socket = folder / "bus.sock"
    template = (Path(__file__).parent / "bus.conf.in").read_text()
    (folder / "bus.conf").write_text(template.replace("@SOCKET@", str(socket)))
    command = [daemon, f"--config-file={folder}/bus.conf", "--nofork"]
    with running(command, folder / "bus.log"):
        eventually(socket.exists, "bus")
        yield f"unix:path={socket}"


@contextmanager
def ofonod(folder: Path, bus: str, phone: AtPhone) -> Iterator[None]:
    """A running ofonod whose one modem is `phone`."""
    program = need("ofonod", "ofono")
    config = folder / "phonesim.conf"
    config.write_text(f"[phonesim]\nAddress=127.0.0.1\nPort={phone.port}\n")
    plugins = "phonesim,atmodem*,phonesim*,stub*,sms*"
    environment = {"OFONO_PHONESIM_CONFIG": str(config), "DBUS_SYSTEM_BUS_ADDRESS": bus}
    with running([program, "-n", f"--plugin={plugins}"], folder / "ofono.log", environment):
        yield


@contextmanager
def handsfree(folder: Path) -> Iterator[Handsfree]:
    need("ofonod", "ofono")
    with private_bus(folder) as bus:
        phone = AtPhone()
        try:
            with ofonod(folder, bus, phone):
                yield Handsfree(bus=bus, phone=phone)
        finally:
            phone.close()
