"""Skype for Business Server: "ring my telephone and connect Anna" (call via work).

The server first rings the driver's own telephone and then whom they want; the sound goes over
that telephone, never through this program. So there are no tones and no mute here, and callers
reach the telephone as ever. Whether the server offers this is asked at every sign-in: without
`startPhoneAudio` this line reaches nobody. Neighbour: `ucwa` speaks to the server.

Source: learn.microsoft.com/skype-sdk/ucwa: startPhoneAudio, phoneAudioInvitation,
joinOnlineMeeting, addPhoneAudio, phoneAudio, contactPresence, ErrorSubcode.
"""

from __future__ import annotations

import contextlib
import re
import threading
import uuid
from collections.abc import Callable, Mapping
from typing import NoReturn

from assistant.core.dialing import is_dialable, safe_target
from assistant.core.events import Connected, DeviceFailed, Ended, EndReason, Event, Ringing
from assistant.core.model import JoinInfo, Presence
from assistant.errors import (
    Busy,
    CallFailed,
    ConfigError,
    OnTelephone,
    ServiceError,
    SignInNeeded,
    Unreachable,
    UnsafeTarget,
)
from assistant.services.calls.skype_calls import PRESENCE, REASONS, Call
from assistant.services.calls.ucwa import Account, Json, Ucwa, embedded, link_of, links_of

_SETTINGS = ("account", "password", "login", "phone", "discovery", "ca_file", "country")


class SkypeLine:
    """Settings: `account` (anna@contoso.com), `password`, `phone` (the driver's own telephone,
    +49…); optional `login` (name to sign in with, where it differs), `discovery` (URL, else by
    domain), `ca_file`, `country`."""

    name = "skype"

    def __init__(self, settings: Mapping[str, str], post: Callable[[Event], None]) -> None:
        _check(settings)
        self._country = settings.get("country", "")
        self._phone = safe_target(settings["phone"], self._country).uri
        self._post = post
        self._lock = threading.Lock()
        self._call: Call | None = None
        self._links: dict[str, str] = {}
        self._has_complained = False
        account = settings["account"]
        self._ucwa = Ucwa(
            Account(
                address=account,
                login=settings.get("login", account),
                password=settings.get("password", ""),
                discovery=settings.get("discovery", ""),
                ca_file=settings.get("ca_file", ""),
            ),
            self,
        )

    # --- the port ------------------------------------------------------------------------------

    def can(self, uri: str) -> bool:
        return "startPhoneAudio" in self._links and is_dialable(uri, self._country, ("sip", "sips"))

    def can_join(self, join: JoinInfo) -> bool:
        return "app:conf:" in join.sip_uri and "joinOnlineMeeting" in self._links

    def dial(self, uri: str, name: str = "", tones: str = "") -> None:
        target = safe_target(uri, self._country)
        if target.scheme not in ("tel", "sip", "sips"):
            raise CallFailed("no address for Skype")
        if tones or target.tones:
            raise CallFailed("no tones over Skype")
        call = self._begin(target.uri, name)
        self._order(call, "startPhoneAudio", {"phoneNumber": self._phone, "to": target.uri})

    def join(self, join: JoinInfo, name: str = "") -> None:
        room = safe_target(join.sip_uri, self._country).uri.removeprefix("conf:")
        call = self._begin(room, name)
        self._order(call, "joinOnlineMeeting", {"onlineMeetingUri": room})

    def answer(self) -> None:
        raise CallFailed("no incoming call")

    def decline(self) -> None:
        raise CallFailed("no incoming call")

    def hang_up(self, held: bool = False) -> None:
        """Stop the call, or the invitation, by the strongest means that the server offers now."""
        del held  # there is one call at most
        call = self._call
        if call is None:
            return
        call.ending = EndReason.HANG_UP
        for name, method in (
            ("stopPhoneAudio", "POST"),
            ("cancel", "POST"),
            ("conversation", "DELETE"),
        ):
            if name in call.links:
                self._ucwa.order(method, call.links[name])
                return
        self._end(call, EndReason.HANG_UP)

    def mute(self, on: bool) -> None:
        del on
        self._left_to_telephone()

    def hold(self, on: bool) -> None:
        call, name = self._call, "holdPhoneAudio" if on else "resumePhoneAudio"
        if call is None or name not in call.links:
            self._left_to_telephone()
        self._ucwa.order("POST", call.links[name])

    def send_tones(self, tones: str) -> None:
        del tones
        self._left_to_telephone()

    def _left_to_telephone(self) -> NoReturn:
        raise OnTelephone if self._call else CallFailed("no call")

    def presence(self, uri: str) -> Presence:
        """Whether a colleague (`sip:anna@contoso.com`) is there. Raises: ServiceError."""
        address = uri.removeprefix("sip:")
        query = re.sub(r"[^A-Za-z0-9@._+-]", "", address).replace("+", "%2B")
        found = self._ucwa.order("GET", f"{self._link('search')}?query={query}&limit=1")
        contacts = found.get("_embedded", {}).get("contact", [])
        if not contacts:
            return Presence.UNKNOWN
        state = self._ucwa.order("GET", link_of(contacts[0], "contactPresence"))
        return PRESENCE.get(str(state.get("availability")), Presence.UNKNOWN)

    def close(self) -> None:
        with contextlib.suppress(ServiceError):  # the server ends what nobody asks about
            self.hang_up()
        self._ucwa.close()

    # --- the server's side, in the thread of `ucwa` --------------------------------------------

    async def signed_in(self, application: Json) -> None:
        """Say where the driver can be rung, then look what the server offers."""
        mine = {
            "audioPreference": "PhoneAudio",
            "phoneNumber": self._phone.removeprefix("tel:"),
            "signInAs": "Online",
            "supportedMessageFormats": ["Plain"],
            "supportedModalities": ["PhoneAudio"],
        }
        await self._ucwa.request(
            "POST", link_of(embedded(application, "me"), "makeMeAvailable"), mine
        )
        offered = embedded(application, "communication")
        offered = dict(await self._ucwa.request("GET", link_of(offered, "self")))
        self._links = links_of(offered) | links_of(embedded(application, "people"))
        self._has_complained = False

    def signed_out(self, error: ServiceError) -> None:
        """A wrong password is told once; everything else is tried again."""
        self._links = {}
        if self._call:
            self._end(self._call, EndReason.LOST)
        if isinstance(error, SignInNeeded) and not self._has_complained:
            self._has_complained = True
            self._post(DeviceFailed(error=error))

    async def event(self, kind: str, rel: str, resource: Json) -> None:
        call = self._call
        if call is None:
            return
        if rel in ("phoneAudioInvitation", "onlineMeetingInvitation"):
            await self._on_invitation(call, kind, rel, resource)
        elif rel == "phoneAudio" and kind in ("added", "updated"):
            await self._on_audio(call, resource)
        elif kind == "deleted" and link_of(resource, "self") in call.links.values():
            self._end(call, call.ending or EndReason.HANG_UP)

    async def _on_invitation(self, call: Call, kind: str, rel: str, resource: Json) -> None:
        whole = await self._whole(resource, "operationId")
        if whole.get("operationId") != call.operation:
            return
        call.links |= links_of(whole)
        if resource.get("status") == "Failure":
            subcode = str((resource.get("reason") or {}).get("subcode", ""))
            self._end(call, call.ending or REASONS.get(subcode, EndReason.UNREACHABLE))
        elif rel == "onlineMeetingInvitation":
            if kind == "completed":
                await self._add_sound(call)
        else:
            self._ring(call)
            if kind == "completed":
                call.is_up = True
                call.links.pop("cancel", None)
                self._post(Connected(uri=call.uri, name=call.name))

    async def _add_sound(self, call: Call) -> None:
        """We are in the meeting, still without sound: have the telephone rung."""
        conversation = await self._ucwa.request("GET", call.links["conversation"])
        audio = await self._ucwa.request("GET", link_of(conversation, "phoneAudio"))
        body = {"operationId": call.operation, "phoneNumber": self._phone}
        await self._ucwa.request("POST", link_of(audio, "addPhoneAudio"), body)

    async def _on_audio(self, call: Call, resource: Json) -> None:
        audio = await self._whole(resource, "state")
        if link_of(audio, "conversation") != call.links.get("conversation"):
            return
        call.links |= links_of(audio)
        if call.is_up and audio.get("state") == "Disconnected":
            self._end(call, call.ending or EndReason.HANG_UP)

    async def _whole(self, resource: Json, key: str) -> Json:
        """Events may come with the resource or only with its address."""
        if key in resource:
            return resource
        return await self._ucwa.request("GET", link_of(resource, "self"))

    # --- one call at a time --------------------------------------------------------------------

    def _begin(self, uri: str, name: str) -> Call:
        with self._lock:
            if self._call is not None:
                raise Busy
            self._call = Call(uri=uri, name=name, operation=uuid.uuid4().hex)
            return self._call

    def _order(self, call: Call, rel: str, body: Json) -> None:
        try:
            self._ucwa.order("POST", self._link(rel), {"operationId": call.operation, **body})
        except ServiceError:
            self._call = None
            raise

    def _link(self, rel: str) -> str:
        """Raises: Unreachable, before sign-in or where the server does not offer it."""
        if rel not in self._links:
            raise Unreachable("skype", f"the server offers no {rel}")
        return self._links[rel]

    def _ring(self, call: Call) -> None:
        if not call.has_rung:
            call.has_rung = True
            self._post(Ringing(uri=call.uri, name=call.name))

    def _end(self, call: Call, reason: EndReason) -> None:
        with self._lock:
            if self._call is not call:
                return
            self._call = None
        self._post(Ended(uri=call.uri, name=call.name, reason=reason))


def _check(settings: Mapping[str, str]) -> None:
    unknown = sorted(set(settings) - set(_SETTINGS))
    if unknown:
        raise ConfigError("[[lines]] skype", unknown[0], f"known: {', '.join(_SETTINGS)}")
    if not re.fullmatch(r"[^\s@]+@[A-Za-z0-9.-]+", settings.get("account", "")):
        raise ConfigError("[[lines]] skype", "account", "expected a sign-in address")
    try:
        safe_target(settings.get("phone", ""), settings.get("country", ""))
    except UnsafeTarget as error:
        raise ConfigError("[[lines]] skype", "phone", "expected your own number") from error
