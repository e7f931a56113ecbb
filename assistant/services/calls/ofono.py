"""oFono on D-Bus: which modem can place calls now, its calls, and orders to it.

Modems come and go with the
driver's telephone; the first one that can call (or the one named in the settings) is used.
Neighbour: `phone` gives the states a meaning.

Source: ofono/doc/{manager,modem,voicecallmanager-api,voicecall,call-volume}-api.txt.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from assistant.errors import CallFailed, ConfigError, Unreachable
from assistant.services.calls.background import Background

if TYPE_CHECKING:
    from dbus_fast import Message
    from dbus_fast.aio import MessageBus

_DBUS = "org.freedesktop.DBus"
_CALLS = "org.ofono.VoiceCallManager"
_ORDER_TIMEOUT_S = 5.0
_BUSY_S = 0.05
_RETRY_AFTER_S = 5.0
"""To the next attempt to reach the bus, or a telephone that is out of range."""

log = logging.getLogger(__name__)


class Listener(Protocol):
    """Called in the `phone` thread."""

    def call_seen(self, path: str, properties: Mapping[str, Any]) -> None:
        """A call is there, with all its properties."""

    def call_changed(self, path: str, name: str, value: object) -> None: ...
    def call_gone(self, path: str) -> None: ...
    def tones_refused(self) -> None: ...
    def modem_gone(self) -> None:
        """No modem can place calls any more; every call is lost."""


class Ofono:
    def __init__(self, address: str, wanted_modem: str, listener: Listener) -> None:
        """`address`: a D-Bus address, "" for the system bus. Raises: ConfigError."""
        try:
            import dbus_fast.aio  # noqa: F401  (only to say early that it is missing)
        except ImportError as error:
            raise ConfigError("[[lines]] phone", "kind", "pip install roadcall[phone]") from error
        self._address, self._wanted, self._listener = address, wanted_modem, listener
        self._modem = ""
        self._bus: MessageBus | None = None
        self._tones: asyncio.Task[None] | None = None
        self._background = Background("phone")
        self._background.run(self._live)

    @property
    def modem(self) -> str:
        """Path of the modem that can place calls, "" when there is none."""
        return self._modem

    def order(self, member: str, signature: str = "", *body: object, path: str = "") -> None:
        """Call a method of the modem's VoiceCallManager, or of the call at `path`.

        Raises: Unreachable (no modem, no answer), CallFailed (oFono's own word for it).
        """
        interface = "org.ofono.VoiceCall" if path else _CALLS
        work = self._insist(path or self._modem, interface, member, signature, *body)
        self._background.wait(work, 2 * _ORDER_TIMEOUT_S)

    def mute(self, on: bool) -> None:
        """Raises: as `order`."""
        from dbus_fast import Variant

        volume = "org.ofono.CallVolume"
        muted = Variant("b", on)
        work = self._call(self._modem, volume, "SetProperty", "sv", "Muted", muted)
        self._background.wait(work, _ORDER_TIMEOUT_S)

    def send_tones(self, groups: Sequence[tuple[float, str]]) -> None:
        """Send each group of keys after its wait, in the background, until `stop_tones`."""
        self._background.soon(self._start_tones, tuple(groups))

    def stop_tones(self) -> None:
        """Only from the `phone` thread."""
        if self._tones is not None:
            self._tones.cancel()

    def close(self) -> None:
        """Leave the bus and end the thread; harmless twice."""
        self._background.close()

    # --- in the thread -------------------------------------------------------------------------

    async def _live(self) -> None:
        while not self._background.closing.is_set():
            try:
                await self._live_once()
            except Exception as error:  # whatever the library raises, the bus is tried again
                log.warning("oFono is out of reach: %s", error)
            self._forget_modem()
            await self._background.pause(_RETRY_AFTER_S)

    async def _live_once(self) -> None:
        """From connecting to the bus until it or we go."""
        from dbus_fast import BusType
        from dbus_fast.aio import MessageBus

        bus = MessageBus(bus_address=self._address or None, bus_type=BusType.SYSTEM)
        self._bus = await bus.connect()
        bus.add_message_handler(self._on_message)
        gone = asyncio.ensure_future(_end_of(bus))
        closing = asyncio.ensure_future(self._background.closing.wait())
        try:
            await self._watch()
            while not (gone.done() or closing.done()):
                await self._find_modem()
                await asyncio.wait(
                    {gone, closing}, timeout=_RETRY_AFTER_S, return_when=asyncio.FIRST_COMPLETED
                )
        finally:
            closing.cancel()
            bus.remove_message_handler(self._on_message)
            self._bus = None
            bus.disconnect()
            await asyncio.wait({gone, closing})

    async def _watch(self) -> None:
        for rule in (
            "type='signal',sender='org.ofono'",
            "type='signal',member='NameOwnerChanged',arg0='org.ofono'",
        ):
            await self._call("/org/freedesktop/DBus", _DBUS, "AddMatch", "s", rule)

    async def _find_modem(self) -> None:
        try:
            (modems,) = await self._call("/", "org.ofono.Manager", "GetModems")
        except CallFailed:
            return  # oFono is not running yet
        for path, properties in modems:
            await self._consider(path, _plain(properties))

    async def _consider(self, path: str, properties: Mapping[str, Any]) -> None:
        """Use the modem at `path` if it can place calls; else switch it on."""
        known = (path, path.rpartition("/")[2], properties.get("Name"), properties.get("Serial"))
        if self._modem or (self._wanted and self._wanted not in known):
            return
        if _CALLS in properties.get("Interfaces", ()) and properties.get("Online"):
            await self._take(path)
            return
        for name in ("Powered", "Online"):
            if properties.get(name) is False:
                self._background.start(self._switch_on(path, name))
                return

    async def _switch_on(self, path: str, name: str) -> None:
        from dbus_fast import Variant

        await self._call(path, "org.ofono.Modem", "SetProperty", "sv", name, Variant("b", True))

    async def _take(self, path: str) -> None:
        self._modem = path
        try:
            (calls,) = await self._call(path, _CALLS, "GetCalls")
        except (CallFailed, Unreachable):
            self._forget_modem()  # oFono went while we looked
            raise
        for call, properties in calls:
            self._listener.call_seen(call, _plain(properties))

    def _forget_modem(self) -> None:
        if self._modem:
            self._modem = ""
            self.stop_tones()
            self._listener.modem_gone()

    def _on_message(self, message: Message) -> None:
        if message.member == "NameOwnerChanged":
            self._forget_modem()
            if message.body[2]:
                self._background.start(self._find_modem())
        elif message.interface in ("org.ofono.Manager", "org.ofono.Modem"):
            self._on_modem(message)
        elif message.interface in (_CALLS, "org.ofono.VoiceCall"):
            self._on_call(message)

    def _on_modem(self, message: Message) -> None:
        """The interface for calls appears and vanishes with the telephone's connection."""
        match message.member, message.body:
            case "ModemRemoved", [path] if path == self._modem:
                self._forget_modem()
            case "PropertyChanged", ["Interfaces", names] if message.path == self._modem:
                if _CALLS not in names.value:
                    self._forget_modem()
        if not self._modem:
            self._background.start(self._find_modem())

    def _on_call(self, message: Message) -> None:
        match message.member, message.body:
            case "CallAdded", [path, properties]:
                self._listener.call_seen(path, _plain(properties))
            case "CallRemoved", [path]:
                self._listener.call_gone(path)
            case "PropertyChanged", [name, value] if message.interface != _CALLS:
                self._listener.call_changed(str(message.path), name, value.value)
            case "DisconnectReason", [reason]:
                self._listener.call_changed(str(message.path), "DisconnectReason", reason)

    async def _key_in(self, groups: Sequence[tuple[float, str]]) -> None:
        """Key by key: whatever the driver orders meanwhile waits for one tone at most."""
        for wait_s, keys in groups:
            await asyncio.sleep(wait_s)
            for key in keys:
                try:
                    await self._insist(self._modem, _CALLS, "SendTones", "s", key)
                except (CallFailed, Unreachable):
                    self._listener.tones_refused()
                    raise

    async def _insist(self, *order: Any) -> list[Any]:
        """oFono does one thing at a time: try again while it is busy with a tone or a call."""
        deadline_s = time.monotonic() + _ORDER_TIMEOUT_S
        while True:
            try:
                return await self._call(*order)
            except CallFailed as error:
                if error.values["code"] != "InProgress" or time.monotonic() > deadline_s:
                    raise
            await asyncio.sleep(_BUSY_S)

    def _start_tones(self, groups: Sequence[tuple[float, str]]) -> None:
        self._tones = self._background.start(self._key_in(groups))

    async def _call(
        self, path: str, interface: str, member: str, signature: str = "", *body: object
    ) -> list[Any]:
        from dbus_fast import Message, MessageType

        if self._bus is None or not path:
            raise Unreachable("phone", "no telephone is connected")
        destination = _DBUS if interface == _DBUS else "org.ofono"
        message = Message(
            destination=destination,
            path=path,
            interface=interface,
            member=member,
            signature=signature,
            body=list(body),
        )
        try:
            reply = await asyncio.wait_for(self._bus.call(message), _ORDER_TIMEOUT_S)
        except TimeoutError:
            raise Unreachable("phone", f"no answer to {member}") from None
        if reply is None or reply.message_type is MessageType.ERROR:
            code = reply.error_name if reply else "NoReply"
            raise CallFailed(str(code).rpartition(".")[2])
        return list(reply.body)


async def _end_of(bus: MessageBus) -> bool:
    with contextlib.suppress(OSError, EOFError):
        await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]
    return True


def _plain(properties: Mapping[str, Any]) -> dict[str, Any]:
    """D-Bus variants -> their values."""
    return {name: variant.value for name, variant in properties.items()}
