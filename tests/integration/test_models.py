"""`roadcall models`: real downloads from a server on loopback that may be up to anything."""

from __future__ import annotations

import hashlib
import io
import stat
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from official_model import build_model, lookahead_library
from parts import leave_out

from assistant import catalogue
from assistant.__main__ import main
from assistant.catalogue import Catalogue, Entry, install, read_catalogue
from assistant.core.automaton import Arc, Automaton
from assistant.errors import BrokenAnswer, ConfigError, ModelMissing, NotFound, Refused, Unreachable
from assistant.model_folders import model_folder
from assistant.services.download import Offer, download
from assistant.services.unpack import unpack
from assistant.speech.recognizer import Recognizer

FILE = bytes(range(256)) * 4000
ETAG = '"one"'


class Server(ThreadingHTTPServer):
    """Serves `body` with ranges; `hurt` may do something else with a request, by its number."""

    daemon_threads = True

    def __init__(self) -> None:
        self.body, self.etag, self.ranges = FILE, ETAG, True
        self.asked: list[str] = []
        self.hurt: dict[int, Callable[[BaseHTTPRequestHandler], None]] = {}
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/model.zip"

    def offer(self) -> Offer:
        return Offer(url=self.url, size=len(self.body), md5=hashlib.md5(self.body).hexdigest())

    def handle_error(self, *_: object) -> None:
        """Clients that hang up in the middle are what is tested."""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        server = self.server
        server.asked.append(self.headers.get("Range", ""))
        number = len(server.asked)
        if number in server.hurt:
            server.hurt[number](self)
            return
        start = 0
        if server.ranges and self.headers.get("If-Range") == server.etag:
            start = int(self.headers["Range"].removeprefix("bytes=").rstrip("-"))
        send(self, server.body[start:], 206 if start else 200, start)

    def log_message(self, *_: object) -> None:
        pass


def send(
    handler: BaseHTTPRequestHandler,
    body: bytes,
    status: int = 200,
    start: int = 0,
    *,
    kind: str = "application/zip",
    length: int | None = None,
) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(body) if length is None else length))
    handler.send_header("ETag", handler.server.etag)
    if status == 206:
        handler.send_header("Content-Range", f"bytes {start}-{start + len(body) - 1}/*")
    handler.end_headers()
    handler.wfile.write(body)


def half(handler: BaseHTTPRequestHandler) -> None:
    """Breaks off in the middle of the first half."""
    body = handler.server.body
    send(handler, body[: len(body) // 2], length=len(body))
    handler.close_connection = True


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def silent(_have: int, _size: int) -> None:
    pass


def test_a_file_is_downloaded_with_progress(server: Server, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    download(server.offer(), tmp_path / "a", lambda *there: seen.append(there))
    assert (tmp_path / "a").read_bytes() == FILE
    assert seen[-1] == (len(FILE), len(FILE))
    assert [file.name for file in tmp_path.iterdir()] == ["a"]


def test_a_broken_connection_is_taken_up_where_it_broke(server: Server, tmp_path: Path) -> None:
    server.hurt = {1: half}
    download(server.offer(), tmp_path / "a", silent)
    assert (tmp_path / "a").read_bytes() == FILE
    assert server.asked == ["", f"bytes={len(FILE) // 2}-"]


def test_an_interrupted_download_goes_on_the_next_time(server: Server, tmp_path: Path) -> None:
    def interrupt(have: int, size: int) -> None:
        if have > size // 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(server.offer(), tmp_path / "a", interrupt)
    assert not (tmp_path / "a").exists()
    download(server.offer(), tmp_path / "a", silent)
    assert (tmp_path / "a").read_bytes() == FILE
    assert int(server.asked[1].removeprefix("bytes=").rstrip("-")) > len(FILE) // 3


def test_a_file_that_changed_meanwhile_begins_anew(server: Server, tmp_path: Path) -> None:
    def change(handler: BaseHTTPRequestHandler) -> None:
        half(handler)
        server.body, server.etag = FILE[::-1], '"two"'

    server.hurt = {1: change}
    offer = Offer(url=server.url, size=len(FILE), md5=hashlib.md5(FILE[::-1]).hexdigest())
    download(offer, tmp_path / "a", silent)
    assert (tmp_path / "a").read_bytes() == FILE[::-1]


def test_a_server_without_ranges_begins_anew(server: Server, tmp_path: Path) -> None:
    server.hurt, server.ranges = {1: half}, False
    download(server.offer(), tmp_path / "a", silent)
    assert (tmp_path / "a").read_bytes() == FILE


def test_a_damaged_file_is_thrown_away(server: Server, tmp_path: Path) -> None:
    offer = Offer(url=server.url, size=len(FILE), md5="0" * 32)
    with pytest.raises(BrokenAnswer, match="damaged"):
        download(offer, tmp_path / "a", silent)
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_always_breaks_off_is_given_up(server: Server, tmp_path: Path) -> None:
    server.ranges, server.hurt = False, dict.fromkeys(range(1, 9), half)
    with pytest.raises(Unreachable, match="127"):
        download(server.offer(), tmp_path / "a", silent)
    assert len(server.asked) == 2


ANSWERS: dict[str, tuple[Callable[[BaseHTTPRequestHandler], None], type[Exception], str]] = {
    "missing": (lambda handler: send(handler, b"", 404), NotFound, "has no http"),
    "trouble": (lambda handler: send(handler, b"", 500), BrokenAnswer, "answered 500"),
    "portal": (
        lambda handler: send(handler, b"<html>", kind="text/html; charset=utf-8"),
        BrokenAnswer,
        "sign in",
    ),
    "length": (lambda handler: send(handler, b"x" * 99), BrokenAnswer, "offers 99 bytes"),
    "range": (lambda handler: send(handler, FILE[9:], 206, 9), BrokenAnswer, "another part"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_other_answers_are_named(server: Server, tmp_path: Path, name: str) -> None:
    answer, error, text = ANSWERS[name]
    server.hurt = {1: answer}
    with pytest.raises(error, match=text):
        download(server.offer(), tmp_path / "a", silent)
    assert not (tmp_path / "a").exists()


def test_nobody_there(tmp_path: Path) -> None:
    with Server() as server:
        offer = server.offer()
    with pytest.raises(Unreachable):
        download(offer, tmp_path / "a", silent)


def test_a_full_disk_is_known_beforehand(server: Server, tmp_path: Path) -> None:
    offer = Offer(url=server.url, size=1 << 60, md5="")
    with pytest.raises(Refused, match="MB are free"):
        download(offer, tmp_path / "a", silent)
    assert server.asked == []


def zipped(files: dict[str, bytes], mode: int = 0) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


GOOD_ZIP = zipped({"m/a.txt": b"a" * 5000})
HOSTILE = {
    "up": (zipped({"../evil": b"x"}), "wants to write"),
    "inside-up": (zipped({"m/../../evil": b"x"}), "wants to write"),
    "absolute": (zipped({"/tmp/evil": b"x"}), "wants to write"),
    "drive": (zipped({"C:evil": b"x"}), "wants to write"),
    "backslash": (zipped({"..\\evil": b"x"}), "wants to write"),
    "link": (zipped({"m/link": b"/etc"}, stat.S_IFLNK | 0o777), "link"),
    "bomb": (zipped({"m/bomb": bytes(10_000_000)}), "too much"),
    "many-bombs": (zipped({f"m/{n}": bytes(400_000) for n in range(9)}), "too much"),
    "many": (zipped({f"m/{n}": b"" for n in range(1001)}), "1001 files"),
    "file-as-folder": (zipped({"m": b"x", "m/a": b"x"}), "twice"),
    "page": (b"<html>hello</html>", "no whole ZIP"),
    "cut": (GOOD_ZIP[:-30], "no whole ZIP"),
    "flipped": (GOOD_ZIP[:40] + bytes(8) + GOOD_ZIP[48:], "no whole ZIP"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_archives_write_nothing_elsewhere(tmp_path: Path, name: str) -> None:
    content, problem = HOSTILE[name]
    (tmp_path / "a.zip").write_bytes(content)
    (tmp_path / "out").mkdir()
    with pytest.raises(BrokenAnswer, match=problem):
        unpack(tmp_path / "a.zip", tmp_path / "out", largest=2_000_000)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.zip", "out"]
    written = sum(file.stat().st_size for file in tmp_path.glob("out/**/*") if file.is_file())
    assert written <= 2_000_000


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "data" / "roadcall" / "models"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A whole model of a few words, packed as the vendor does."""
    library = lookahead_library()
    if library is None:
        leave_out("OpenFst's tools are not installed (package libfst-tools)")
    folder = tmp_path_factory.mktemp("vendor") / "vosk-model-small-de-9"
    model = build_model(("call", "david", "lee", "yes", "no"), folder, library)
    files = [file for file in model.rglob("*") if file.is_file() and not file.is_symlink()]
    return zipped({str(file.relative_to(model.parent)): file.read_bytes() for file in files})


def catalogue_of(server: Server, body: bytes) -> Catalogue:
    server.body = body
    md5 = hashlib.md5(body).hexdigest()
    entry = Entry(language="de", name="model", size=len(body), md5=md5, licence="")
    return Catalogue(address=server.url.replace("model", "{name}"), models={"de": entry})


def test_a_model_is_installed_used_and_removed(
    server: Server, home: Path, archive: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ModelMissing, match="roadcall models install de"):
        model_folder("", "de")
    place = install(catalogue_of(server, archive), "de")
    assert place == home / "de" == model_folder("", "de")
    assert [file.name for file in home.iterdir()] == ["de"]
    grammar = Automaton(n_states=2, arcs=(Arc(0, 1, "yes", 0.0),), finals={1: 0.0})
    assert Recognizer(place, "de").language(grammar).approximated == frozenset()
    assert main(["models", "list"]) == 0
    assert "de  installed" in capsys.readouterr().out
    assert main(["models", "remove", "de"]) == 0
    assert not place.exists()


def test_a_bad_archive_leaves_the_old_model_where_it_is(
    server: Server, home: Path, archive: bytes
) -> None:
    install(catalogue_of(server, archive), "de")
    before = sorted(home.rglob("*"))
    for body in (zipped({"m/am/final.mdl": b"x"}), zipped({"readme": b"no model"}), b"<html>"):
        with pytest.raises((BrokenAnswer, ModelMissing)):
            install(catalogue_of(server, body), "de")
        assert sorted(home.rglob("*")) == before
    install(catalogue_of(server, archive), "de")
    assert sorted(home.rglob("*")) == before


def test_the_catalogue_is_complete_and_honest() -> None:
    offered = read_catalogue()
    assert {"de", "en", "fr"} <= offered.models.keys()
    for name, entry in offered.models.items():
        assert entry.language == name
        assert entry.name.startswith("vosk-model-small-")
        assert len(bytes.fromhex(entry.md5)) == 16
    assert len({entry.md5 for entry in offered.models.values()}) == len(offered.models)
    assert offered.address.startswith("https://")


def test_an_unknown_model_is_named(home: Path) -> None:
    with pytest.raises(ConfigError, match="known: de, en"):
        install(read_catalogue(), "xx")
    with pytest.raises(ModelMissing, match="not installed"):
        catalogue.remove("de")
    assert home.parent.is_dir()
