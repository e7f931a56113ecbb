"""A stand-in for a Skype for Business front end: UCWA 2.0 as Microsoft publishes it (a fake).

No such server can run in a test, so this one is built from the published resources: their names,
properties and links (checked by `test_the_stand_in_speaks_as_published`), the sign-in with its
challenge, the event channel with `next`, `resync`, 404 and 409. The test plays the far end.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from fakes.loopback import Answer, Request

APP = "/ucwa/v1/applications/192"
COMMUNICATION = f"{APP}/communication"
CONVERSATION = f"{COMMUNICATION}/conversations/137"
AUDIO = f"{CONVERSATION}/phoneAudio"
INVITATION = f"{COMMUNICATION}/invitations/665"
CHALLENGE = (
    'MsRtcOAuth href="/webticket/oauthtoken",'
    'grant_type="urn:microsoft.rtc:windows,urn:microsoft.rtc:anonmeeting,password"'
)
PASSWORD = "Geheim&1"


def resource(rel: str, links: Mapping[str, str], **properties: Any) -> dict[str, Any]:
    return {
        "rel": rel,
        **properties,
        "_links": {name: {"href": address} for name, address in links.items()},
    }


class Frontend:
    """Pass `answer` to `Loopback`."""

    def __init__(self) -> None:
        self.allows_phone_audio = True
        self.policy_refuses = False
        self.embeds = True
        """Events carry their resource, not only its address."""
        self.redirect = ""
        """Where discovery sends everybody who is not there, "" for here."""
        self.orders: list[tuple[str, dict[str, Any]]] = []
        """Every POST and DELETE within the application: last part of the path, body."""
        self.asked_for_tokens: set[str] = set()
        """Hosts that a password was sent to."""
        self.sign_ins = 0
        """Passwords that were tried."""
        self.applications = 0
        self._events: list[dict[str, Any]] = []
        self._ready = threading.Condition()
        self._poll_status = 200
        self._operation = ""
        self._audio_state = "Disconnected"
        self._token = 0

    # --- the far end ---------------------------------------------------------------------------

    def ring(self) -> None:
        """The driver's telephone rings, then the far end's."""
        self._tell("phoneAudioInvitation", INVITATION, "updated", self._invitation("Connecting"))

    def accept(self) -> None:
        self._audio_state = "Connected"
        self._tell("phoneAudioInvitation", INVITATION, "completed", self._invitation("Connected"))
        self._tell("phoneAudio", AUDIO, "updated", self._audio())

    def refuse(self, subcode: str) -> None:
        invitation = self._invitation("Failed")
        self._tell("phoneAudioInvitation", INVITATION, "completed", invitation, subcode)

    def hang_up(self) -> None:
        self._audio_state = "Disconnected"
        self._tell("phoneAudio", AUDIO, "updated", self._audio())
        self._tell("conversation", CONVERSATION, "deleted", {})

    def admit(self, subcode: str = "") -> None:
        """To the meeting; the sound comes after."""
        self._tell("onlineMeetingInvitation", INVITATION, "completed", self._admission(), subcode)

    def forget(self) -> None:
        """Lose the application, as a server does after a restart."""
        self._interrupt(404)

    def replace(self) -> None:
        """Answer the waiting request as if another one had replaced it."""
        self._interrupt(409)

    def revoke(self) -> None:
        self._token += 1

    # --- resources -----------------------------------------------------------------------------

    def communication(self) -> dict[str, Any]:
        links = {"self": COMMUNICATION, "joinOnlineMeeting": f"{COMMUNICATION}/joinOnlineMeeting"}
        if self.allows_phone_audio:
            links["startPhoneAudio"] = f"{COMMUNICATION}/startPhoneAudio"
        return resource("communication", links, supportedModalities=["PhoneAudio"])

    def resources(self) -> list[dict[str, Any]]:
        """One of each that this server ever sends."""
        embedded = self._application()["_embedded"].values()
        own = [self._application(), self._invitation("Connected"), self._admission()]
        return [*own, *embedded, self._conversation(), self._audio(), _contact(), _user()]

    def _application(self) -> dict[str, Any]:
        application = resource("application", {"self": APP, "events": f"{APP}/events?ack=1"})
        me = {
            "self": f"{APP}/me",
            "makeMeAvailable": f"{APP}/me/makeMeAvailable",
            "reportMyActivity": f"{APP}/me/reportMyActivity",
        }
        people = {"self": f"{APP}/people", "search": f"{APP}/search"}
        return application | {
            "_embedded": {
                "me": resource("me", me, uri="sip:driver@contoso.test"),
                "communication": self.communication(),
                "people": resource("people", people),
            }
        }

    def _invitation(self, state: str) -> dict[str, Any]:
        links = {"self": INVITATION, "conversation": CONVERSATION, "phoneAudio": AUDIO}
        if state != "Connected":
            links["cancel"] = f"{INVITATION}/cancel"
        return resource(
            "phoneAudioInvitation",
            links,
            direction="Outgoing",
            operationId=self._operation,
            state=state,
        )

    def _admission(self) -> dict[str, Any]:
        links = {"self": INVITATION, "conversation": CONVERSATION}
        return resource(
            "onlineMeetingInvitation", links, operationId=self._operation, state="Connected"
        )

    def _conversation(self) -> dict[str, Any]:
        links = {"self": CONVERSATION, "phoneAudio": AUDIO}
        return resource("conversation", links, state="Connected")

    def _audio(self) -> dict[str, Any]:
        links = {"self": AUDIO, "conversation": CONVERSATION}
        for verb in ("addPhoneAudio", "holdPhoneAudio", "resumePhoneAudio", "stopPhoneAudio"):
            links[verb] = f"{AUDIO}/{verb}"
        return resource("phoneAudio", links, state=self._audio_state)

    # --- answers -------------------------------------------------------------------------------

    def answer(self, request: Request) -> Answer:
        if request.path == "/":
            is_elsewhere = self.redirect and request.headers["host"] not in self.redirect
            address = {"redirect": self.redirect} if is_elsewhere else {"user": "/root/user"}
            return _json(resource("root", {"self": "/", **address}))
        if request.path == "/webticket/oauthtoken":
            return self._sign_in(request)
        if request.headers.get("authorization") != f"Bearer cwt={self._token}":
            return Answer(status=401, headers={"WWW-Authenticate": CHALLENGE})
        if request.path == "/root/user":
            return _json(_user())
        if request.path == "/ucwa/v1/applications":
            self.applications += 1
            return _json(self._application(), 201)
        if request.path == f"{APP}/events":
            return self._wait_for_event(int(request.query["ack"]))
        if request.method == "GET":
            return self._show(request)
        return self._order(request)

    def _sign_in(self, request: Request) -> Answer:
        self.asked_for_tokens.add(request.headers["host"])
        self.sign_ins += 1
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        fine = form.get("grant_type") == "password" and form.get("password") == PASSWORD
        if not fine:
            return _json({"error": "invalid_grant"}, 400)
        return _json({"access_token": f"cwt={self._token}", "expires_in": 28800})

    def _show(self, request: Request) -> Answer:
        known = {
            COMMUNICATION: self.communication(),
            CONVERSATION: self._conversation(),
            AUDIO: self._audio(),
            INVITATION: self._invitation("Connecting"),
            f"{APP}/people/282/contactPresence": {"availability": "Busy"},
        }
        if request.path == f"{APP}/search":
            found = [_contact()] if "anna" in request.query["query"] else []
            return _json({**resource("search", {}), "_embedded": {"contact": found}})
        if request.path in known:
            return _json(known[request.path])
        return _json({"code": "NotFound"}, 404)

    def _order(self, request: Request) -> Answer:
        verb = request.path.rpartition("/")[2]
        body = json.loads(request.body) if request.body else {}
        self.orders.append((verb, body))
        if verb in ("startPhoneAudio", "addPhoneAudio") and self.policy_refuses:
            refusal = {"code": "Forbidden", "subcode": "NotAllowed", "message": "not listed"}
            return _json(refusal, 403)
        if verb in ("startPhoneAudio", "joinOnlineMeeting", "addPhoneAudio"):
            self._operation = body["operationId"]
        if verb in ("startPhoneAudio", "addPhoneAudio"):
            invitation = self._invitation("Connecting")
            self._tell("phoneAudioInvitation", INVITATION, "started", invitation)
            return Answer(status=201, headers={"Location": INVITATION})
        if verb == "cancel":
            self.refuse("Canceled")
        if verb == "stopPhoneAudio" or (request.method, request.path) == ("DELETE", CONVERSATION):
            self.hang_up()
        return Answer(status=204)

    # --- the event channel ---------------------------------------------------------------------

    def _tell(
        self, rel: str, address: str, kind: str, body: dict[str, Any], subcode: str = ""
    ) -> None:
        event: dict[str, Any] = {"link": {"rel": rel, "href": address}, "type": kind}
        if kind == "completed":
            event["status"] = "Failure" if subcode else "Success"
            if subcode:
                event["reason"] = {"code": "RemoteFailure", "subcode": subcode, "message": "no"}
        if self.embeds and body:
            event["_embedded"] = {rel: body}
        with self._ready:
            self._events.append(event)
            self._ready.notify_all()

    def _interrupt(self, status: int) -> None:
        with self._ready:
            self._poll_status = status
            self._ready.notify_all()

    def _wait_for_event(self, ack: int) -> Answer:
        """Everything since `ack`; waits for something to happen, but not for ever."""
        with self._ready:
            self._ready.wait_for(
                lambda: len(self._events) >= ack or self._poll_status != 200, timeout=2
            )
            status, self._poll_status = self._poll_status, 200
            fresh = self._events[ack - 1 :]
            following = len(self._events) + 1
        if status != 200:
            subcode = "ApplicationNotFound" if status == 404 else "PGetReplaced"
            return _json({"code": "Gone", "subcode": subcode}, status)
        channel = resource("events", {"next": f"{APP}/events?ack={following}"})
        sender = {"rel": "communication", "href": COMMUNICATION, "events": fresh}
        return _json({**channel, "sender": [sender] if fresh else []})


def _user() -> dict[str, Any]:
    return resource("user", {"self": "/root/user", "applications": "/ucwa/v1/applications"})


def _contact() -> dict[str, Any]:
    links = {
        "self": f"{APP}/people/282",
        "contactPresence": f"{APP}/people/282/contactPresence",
    }
    return resource("contact", links, name="Anna Weber", uri="sip:anna@contoso.test")


def _json(body: Mapping[str, Any], status: int = 200) -> Answer:
    headers = {"Content-Type": "application/json"}
    return Answer(status=status, body=json.dumps(body).encode(), headers=headers)
