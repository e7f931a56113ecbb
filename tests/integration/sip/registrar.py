"""A real kamailio on loopback: registrar and proxy with digest, over UDP, TCP and TLS."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme
from parts import eventually, free_port, leave_out, need, running

PASSWORD = "p;a b&c,d@1"
"""With the signs that an account line could trip over."""


@dataclass(frozen=True, kw_only=True)
class Registrar:
    port: int
    tls_port: int
    ca_file: Path

    def account(self, user: str) -> str:
        """A baresip account line for the far end."""
        return (
            f'<sip:{user}@car.test;transport=udp>;auth_pass="{PASSWORD}"'
            f';outbound="sip:127.0.0.1:{self.port}";regint=60;answermode=manual'
        )


@contextmanager
def registrar(folder: Path, port: int = 0) -> Iterator[Registrar]:
    """Kamailio in `folder`, listening on `port` or on a free one."""
    program = need("kamailio", "kamailio")
    if not any(Path("/usr/lib").glob("*/kamailio/modules/tls.so")):
        leave_out("kamailio has no TLS (package kamailio-tls-modules)")
    folder.mkdir(exist_ok=True)
    port, tls_port = port or free_port(), free_port()
    ca_file = _certificates(folder)
    text = (Path(__file__).parent / "kamailio.cfg.in").read_text()
    filled = {"PORT": port, "TLS_PORT": tls_port, "FOLDER": folder, "PASSWORD": PASSWORD}
    for key, value in filled.items():
        text = text.replace(f"@{key}@", str(value))
    config = folder / "kamailio.cfg"
    config.write_text(text)
    command = [program, "-DD", "-E", "-f", str(config), "-m", "16", "-M", "4"]
    with running([*command, "-P", str(folder / "pid"), "-Y", str(folder)], folder / "log"):
        eventually(lambda: _is_open(tls_port), "kamailio")
        yield Registrar(port=port, tls_port=tls_port, ca_file=ca_file)


def _certificates(folder: Path) -> Path:
    authority = trustme.CA()
    own = authority.issue_cert("127.0.0.1", "car.test")
    own.private_key_pem.write_to_path(folder / "key.pem")
    own.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    return folder / "ca.pem"


def _is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
