"""The stand-ins that Microsoft's tests share, started and stopped."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import keyring
import keyring.backends.fail
import pytest
import trustme
from fakes.authority import Authority
from fakes.desk import Desk
from fakes.driver import Driver
from fakes.graph import GraphMailbox


@pytest.fixture
def mailbox() -> Iterator[GraphMailbox]:
    with GraphMailbox() as mailbox:
        yield mailbox


@pytest.fixture
def driver(mailbox: GraphMailbox) -> Iterator[Driver]:
    driver = Driver(mailbox)
    yield driver
    driver.http.close()


@pytest.fixture(scope="session")
def certificates() -> trustme.CA:
    """An authority that nobody trusts but who is told to."""
    return trustme.CA()


@pytest.fixture
def tls(certificates: trustme.CA) -> ssl.SSLContext:
    """What a stand-in shows for localhost."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificates.issue_cert("localhost").configure_cert(context)
    return context


@pytest.fixture
def trust(
    certificates: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ssl.SSLContext:
    """The stand-ins' certificates are trusted, here and by every library under test."""
    file = tmp_path / "ca.pem"
    certificates.cert_pem.write_to_path(file)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(file))
    return ssl.create_default_context(cafile=file)


@pytest.fixture
def authority(tls: ssl.SSLContext, trust: ssl.SSLContext) -> Iterator[Authority]:
    del trust  # only has to be set up
    with Authority(tls) as authority:
        yield authority


@pytest.fixture(autouse=True)
def no_keyring() -> Iterator[None]:
    """As on a machine without a desktop; and whatever keyring runs here is left alone."""
    before = keyring.get_keyring()
    keyring.set_keyring(keyring.backends.fail.Keyring())
    yield
    keyring.set_keyring(before)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where tokens go without a keyring."""
    return tmp_path / "private" / "tokens.json"


@pytest.fixture
def desk(authority: Authority, file: Path) -> Iterator[Desk]:
    desk = Desk(authority, file)
    yield desk
    desk.close()
