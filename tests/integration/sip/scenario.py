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
