"""sipp as the far end: scenarios that a polite telephone would never play."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from parts import free_port, need, running

_HEADER = """[last_Via:]
[last_From:]
[last_To:];tag=[call_number]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:[local_ip]:[local_port]>
"""


def reply(status: str) -> str:
    """A response without body, as a sipp element."""
    return f"<send><![CDATA[\nSIP/2.0 {status}\n{_HEADER}Content-Length: 0\n\n]]></send>"


def refusing(status: str, *, ring: bool = False) -> str:
    """A scenario that rings, if so told, and then refuses with `status`."""
    return (
        '<recv request="INVITE"/>'
        + (reply("180 Ringing") if ring else "")
        + reply(status)
        + '<recv request="ACK"/>'
    )


_SOUND = """v=0
o=far 1 {version} IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 0
a=rtpmap:0 PCMU/8000
a={direction}
"""


def _request(method: str, number: int, body: str = "") -> str:
    """A request within the call, from the end that was called."""
    kind = "Content-Type: application/sdp\n" if body else ""
    return (
        f"<send><![CDATA[\n{method} [next_url] SIP/2.0\n"
        "Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]\n"
        "From:[$to];tag=[call_number]\nTo:[$from]\nCall-ID: [call_id]\n"
        f"CSeq: {number} {method}\nContact: <sip:[local_ip]:[local_port]>\nMax-Forwards: 70\n"
        f"{kind}Content-Length: [len]\n\n{body}]]></send>"
    )


def _again(number: int, direction: str) -> str:
    """A re-INVITE that the other end has to accept."""
    return (
        _request("INVITE", number, _SOUND.format(version=number, direction=direction))
        + '<recv response="100" optional="true"/><recv response="200"/>'
        + _request("ACK", number)
    )


def reinviting() -> str:
    """Answers, holds the call and takes it back by re-INVITE, and hangs up."""
    ask = '<ereg regexp=".*" search_in="hdr" header="{0}:" assign_to="{1}"/>'
    remember = ask.format("From", "from") + ask.format("To", "to")
    sdp = _SOUND.format(version=1, direction="sendrecv")
    body = f"Content-Type: application/sdp\nContent-Length: [len]\n\n{sdp}"
    answer = f"<send><![CDATA[\nSIP/2.0 200 OK\n{_HEADER}{body}]]></send>"
    return (
        f'<recv request="INVITE" rrs="true"><action>{remember}</action></recv>'
        + reply("180 Ringing")
        + answer
        + '<recv request="ACK"/>'
        + _again(2, "sendonly")
        + _again(3, "sendrecv")
        + _request("BYE", 4)
        + '<recv response="200"/>'
    )


def unanswered(*, ring: bool) -> str:
    """Rings without end, or says nothing at all, until the caller gives up."""
    given_up = '<recv request="CANCEL"/>' + reply("200 OK") if ring else ""
    rings = reply("180 Ringing") if ring else '<pause milliseconds="60000"/>'
    return '<recv request="INVITE"/>' + rings + given_up


@contextmanager
def caller(folder: Path, address: str, name: str) -> Iterator[None]:
    """A sipp that calls `address` and says that it is called `name`."""
    program = need("sipp", "sip-tester")
    folder.mkdir(exist_ok=True)
    sdp = _SOUND.format(version=1, direction="sendrecv")
    invite = (
        f"<send><![CDATA[\nINVITE {address} SIP/2.0\n"
        "Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]\n"
        f"From: {name}<sip:far@[local_ip]:[local_port]>;tag=[call_number]\nTo: <{address}>\n"
        "Call-ID: [call_id]\nCSeq: 1 INVITE\nContact: <sip:far@[local_ip]:[local_port]>\n"
        "Max-Forwards: 70\nContent-Type: application/sdp\n"
        f"Content-Length: [len]\n\n{sdp}]]></send>"
        '<recv response="100" optional="true"/><recv response="180" optional="true"/>'
        '<recv response="486"/>'
    )
    file = folder / "scenario.xml"
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="caller">'
    file.write_text(f"{head}{invite}</scenario>")
    target = address.partition("@")[2]
    command = [program, target, "-sf", str(file), "-i", "127.0.0.1", "-m", "1", "-nostdin"]
    port = str(free_port(socket.SOCK_DGRAM))
    with running([*command, "-p", port], folder / "log"):
        yield


@contextmanager
def scenario(folder: Path, steps: str) -> Iterator[str]:
    """The SIP address of a sipp that plays `steps` once per call."""
    program = need("sipp", "sip-tester")
    folder.mkdir(exist_ok=True)
    file = folder / "scenario.xml"
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="far end">'
    file.write_text(f"{head}{steps}</scenario>")
    port = free_port(socket.SOCK_DGRAM)
    command = [program, "-sf", str(file), "-i", "127.0.0.1", "-p", str(port), "-nostdin"]
    with running([*command, "-trace_err", "-error_file", str(folder / "errors")], folder / "log"):
        yield f"sip:far@127.0.0.1:{port}"
