"""The head-up page in a real browser: what is seen, measured and touched."""

from __future__ import annotations

import json
import os
import queue
from dataclasses import replace
from datetime import timedelta
from itertools import combinations
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from conftest import Visit
from playwright.sync_api import FloatRect, Page, expect
from scenes import ENGLISH, LOCALES, LOOK, SCENES, labels

from assistant.core import glance
from assistant.core.events import ButtonDown, ButtonUp, Event, Tapped
from assistant.core.hud import build_view, to_json
from assistant.core.view import Scene, Theme, View
from assistant.display.server import Display
from tests.browser.colour import contrast

SOON_S = 10.0
PICTURES = Path(__file__).parents[2] / "docs" / "screenshots"
THEMES = [Theme.DAY, Theme.NIGHT]

TEXTS = """() => {
  const rgb = (css) => {  // through a canvas, because a colour may be given in any space
    const canvas = Object.assign(document.createElement("canvas"), {width: 1, height: 1});
    const pen = canvas.getContext("2d");
    pen.fillStyle = css;
    pen.fillRect(0, 0, 1, 1);
    return [...pen.getImageData(0, 0, 1, 1).data];
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = rgb(getComputedStyle(at).backgroundColor);
      if (colour[3] === 255) return colour.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.data.trim();
    const box = element.getBoundingClientRect();
    if (!text || !box.width || !box.height) continue;
    const style = getComputedStyle(element);
    found.push({
      text, tag: element.tagName, area: element.closest("[id]").id,
      font_px: parseFloat(style.fontSize), ink: rgb(style.color).slice(0, 3),
      ground: ground(element), is_cut: element.scrollWidth > element.clientWidth + 1,
      box: [box.left, box.top, box.right, box.bottom],
    });
  }
  return found;
}"""


def show(display: Display, page: Page, shown: Scene | View) -> View:
    """Send a view and wait until the page has it."""
    view = build_view(shown) if isinstance(shown, Scene) else shown
    display.show(view)
    page.wait_for_function(
        "sent => JSON.stringify(shown) === JSON.stringify(sent)", arg=json.loads(to_json(view))
    )
    return view


def themed(name: str, theme: Theme) -> Scene:
    return replace(SCENES[name], look=replace(SCENES[name].look, theme=theme))


# --- the stream -------------------------------------------------------------------------------


def test_card_appears_with_the_event(display: Display, visit: Visit) -> None:
    page = visit()
    show(display, page, SCENES["night"])
    show(display, page, SCENES["thinking"])
    expect(page.locator("#heard")).to_have_text("call my next meeting")
    show(display, page, SCENES["answer"])
    expect(page.locator("#heard")).to_be_empty()
    expect(page.locator("#lines")).to_contain_text("Interview 13:00")
    expect(page.locator("body")).to_have_attribute("data-activity", "speaking")


def test_two_pages_show_the_same_and_a_reload_replays(display: Display, visit: Visit) -> None:
    first, second = visit(), visit(390, 844)
    show(display, first, SCENES["in-call"])
    expect(second.locator("#lines")).to_contain_text("Anna Weber")
    second.reload()
    expect(second.locator("#lines")).to_contain_text("Anna Weber")


def test_ten_pages_of_one_browser_all_live(
    display: Display, visit: Visit, inbox: queue.SimpleQueue[Event]
) -> None:
    """A browser keeps six connections to one host; every page that streams would take one."""
    first = visit()
    show(display, first, SCENES["day"])
    pages = [first, *(first.context.new_page() for _ in range(9))]
    for page in pages[1:]:
        page.goto(display.url)
        expect(page.locator("#lines")).to_contain_text("Budget review")
    for page in (pages[-1], first):
        page.locator("#buttons button").first.click()
        assert isinstance(inbox.get(timeout=SOON_S), Tapped)
    first.close()
    for page in pages[1:]:
        show(display, page, SCENES["in-call"])


def test_page_streams_for_itself_when_the_one_that_streams_says_nothing(
    display: Display, visit: Visit
) -> None:
    """A browser may freeze a page that nobody has looked at for long; it stays the first one."""
    first = visit()
    show(display, first, SCENES["day"])
    second = first.context.new_page()
    second.clock.install()
    second.goto(display.url)
    expect(second.locator("#lines")).to_contain_text("Budget review")
    first.evaluate("stream.close(); connect = () => {}")
    second.clock.fast_forward(26_000)
    show(display, second, SCENES["in-call"])


def test_browser_without_locks_streams_page_by_page(display: Display, visit: Visit) -> None:
    page = visit()
    page.add_init_script("Object.defineProperty(navigator, 'locks', {value: undefined})")
    page.reload()
    show(display, page, SCENES["in-call"])


def test_page_says_that_it_is_disconnected_and_finds_back(visit: Visit, display: Display) -> None:
    page = visit()
    show(display, page, SCENES["day"])
    parts = urlsplit(display.url)
    display.__exit__(None, None, None)
    expect(page.locator("#disconnected")).to_have_text(ENGLISH["disconnected"])
    expect(page.locator("#disconnected")).to_be_visible()
    with Display("127.0.0.1", parts.port or 0, print) as again:
        token = urlsplit(again.url).query.removeprefix("token=")
        cookie = {"name": f"roadcall_{parts.port}", "value": token, "url": again.url}
        page.context.add_cookies([cookie])  # type: ignore[list-item]
        again.show(build_view(SCENES["free"]))
        expect(page.locator("#lines")).to_have_text(ENGLISH["nothing_more"], timeout=15_000)
        expect(page.locator("#disconnected")).to_be_hidden()


# --- touch ------------------------------------------------------------------------------------


def test_tap_joins(display: Display, visit: Visit, inbox: queue.SimpleQueue[Event]) -> None:
    page = visit()
    view = show(display, page, SCENES["night"])
    page.get_by_role("button", name="Join", exact=True).click()
    (button,) = view.focus.buttons
    assert inbox.get(timeout=SOON_S) == Tapped(interpretation=button.interpretation)
    assert button.interpretation.intent == "call.join"


def test_tap_on_the_time_line_calls(
    display: Display, visit: Visit, inbox: queue.SimpleQueue[Event]
) -> None:
    page = visit()
    show(display, page, SCENES["day"])
    page.get_by_role("button", name="Call: Interview").click()
    event = inbox.get(timeout=SOON_S)
    assert isinstance(event, Tapped)
    assert event.interpretation.intent == "call.meeting"


@pytest.mark.parametrize(("name", "intent"), [("Hang up", "call.hangup"), ("Mute", "call.mute")])
def test_call_is_in_hand(
    display: Display, visit: Visit, inbox: queue.SimpleQueue[Event], name: str, intent: str
) -> None:
    page = visit()
    show(display, page, SCENES["in-call"])
    page.get_by_role("button", name=name, exact=True).click()
    event = inbox.get(timeout=SOON_S)
    assert isinstance(event, Tapped)
    assert event.interpretation.intent == intent


@pytest.mark.parametrize(
    ("name", "line", "buttons"),
    [
        ("muted", "Muted", ["Unmute", "Hang up"]),
        ("held", "Muted · On hold", ["Resume", "Hang up"]),
        ("waiting", "Ben Okafor is calling", ["Answer", "Decline"]),
    ],
)
def test_state_of_a_call_is_seen(
    display: Display, visit: Visit, name: str, line: str, buttons: list[str]
) -> None:
    page = visit()
    show(display, page, SCENES[name])
    expect(page.locator("#lines")).to_contain_text(line)
    expect(page.locator("#buttons button")).to_have_text(buttons)


def test_page_left_open_all_day_stays_as_small(display: Display, visit: Visit) -> None:
    """A day of changes, one after the other as fast as the page takes them."""
    page = visit()
    names = ("day", "night", "in-call", "answer", "thinking", "held", "free")
    for name in names:
        show(display, page, SCENES[name])
    count = "() => document.getElementsByTagName('*').length"
    before = page.evaluate(count)
    for second in range(2000):
        moment = SCENES[names[second % len(names)]]
        display.show(build_view(replace(moment, now=moment.now + timedelta(seconds=second))))
    for name in names:
        show(display, page, SCENES[name])
    assert page.evaluate(count) == before


def test_page_that_ticks_under_the_finger_loses_no_touch(
    display: Display, visit: Visit, inbox: queue.SimpleQueue[Event]
) -> None:
    page = visit()
    call = SCENES["in-call"]
    show(display, page, call)
    page.get_by_role("button", name="Hang up", exact=True).hover()
    page.mouse.down()
    show(display, page, replace(call, now=call.now + timedelta(seconds=1)))
    page.mouse.up()
    assert isinstance(inbox.get(timeout=SOON_S), Tapped)


def test_double_tap_is_one(display: Display, visit: Visit, inbox: queue.SimpleQueue[Event]) -> None:
    page = visit()
    show(display, page, SCENES["night"])
    page.evaluate("for (const _ of [1, 2, 3]) document.querySelector('#buttons button').click()")
    assert isinstance(inbox.get(timeout=SOON_S), Tapped)
    page.locator("#talk").click()  # requests go out one after the other
    assert inbox.get(timeout=SOON_S) == ButtonDown()


def test_talk_button_is_held_by_finger_and_by_key(
    display: Display, visit: Visit, inbox: queue.SimpleQueue[Event]
) -> None:
    page = visit()
    show(display, page, SCENES["night"])
    page.locator("#talk").hover()
    page.mouse.down()
    assert inbox.get(timeout=SOON_S) == ButtonDown()
    page.mouse.up()
    assert isinstance(inbox.get(timeout=SOON_S), ButtonUp)
    page.keyboard.down(" ")
    page.keyboard.down(" ")
    assert inbox.get(timeout=SOON_S) == ButtonDown()
    page.keyboard.up(" ")
    assert isinstance(inbox.get(timeout=SOON_S), ButtonUp)
    assert inbox.empty()


def test_page_closed_under_the_finger_lets_go(
    display: Display, visit: Visit, inbox: queue.SimpleQueue[Event]
) -> None:
    page = visit()
    show(display, page, SCENES["night"])
    page.locator("#talk").hover()
    page.mouse.down()
    assert inbox.get(timeout=SOON_S) == ButtonDown()
    page.close()
    assert isinstance(inbox.get(timeout=SOON_S), ButtonUp)


def test_britain_shows_words_to_say_instead_of_buttons(display: Display, visit: Visit) -> None:
    page = visit()
    show(display, page, SCENES["hands-free-gb"])
    expect(page.locator("#buttons")).to_have_text("Say “join”")
    assert [button.get_attribute("id") for button in page.get_by_role("button").all()] == ["talk"]


# --- the glance rules, measured ---------------------------------------------------------------


@pytest.mark.parametrize("theme", THEMES)
def test_text_is_large_dark_and_on_the_page(display: Display, visit: Visit, theme: Theme) -> None:
    page = visit()
    for name in SCENES:
        view = show(display, page, themed(name, theme))
        smallest_px = glance.font_px(LOOK.panel, is_moving=view.is_moving)
        texts = page.evaluate(TEXTS)
        assert len(texts) > 3
        for found in texts:
            ratio = contrast(tuple(found["ink"]), tuple(found["ground"]))
            assert ratio >= glance.MIN_CONTRAST, (name, ratio, found)
            assert found["font_px"] >= smallest_px, (name, found)
            left, top, right, bottom = found["box"]
            assert min(left, top) >= 0, (name, found)
            assert right <= 1281, (name, found)
            assert bottom <= 481, (name, found)


def test_running_text_is_three_lines_of_thirty(display: Display, visit: Visit) -> None:
    page = visit()
    for name in (name for name, moment in SCENES.items() if moment.status.is_moving):
        show(display, page, SCENES[name])
        running = [t for t in page.evaluate(TEXTS) if t["area"] in ("lines", "heard", "notices")]
        assert 1 <= len(running) <= glance.MAX_LINES, (name, running)
        assert all(len(text["text"]) <= glance.MAX_CHARS for text in running)
        assert not any(text["is_cut"] for text in running), (name, running)
        assert page.locator(".block").count() <= glance.MAX_ITEMS


def test_thirty_characters_fit(display: Display, visit: Visit) -> None:
    page = visit()
    title = "Quarterly budget with the team"
    assert len(title) == glance.MAX_CHARS
    long = [replace(a, title=title) for a in SCENES["night"].copy.appointments]
    moment = replace(SCENES["night"], copy=replace(SCENES["night"].copy, appointments=tuple(long)))
    show(display, page, moment)
    (line,) = [text for text in page.evaluate(TEXTS) if text["text"] == title]
    assert not line["is_cut"]


@pytest.mark.parametrize("size", [(1280, 480), (800, 480), (1920, 720), (390, 844), (844, 390)])
def test_nothing_scrolls_or_overlaps(display: Display, visit: Visit, size: tuple[int, int]) -> None:
    page = visit(*size)
    for name in (
        "day",
        "night",
        "in-call",
        "muted",
        "waiting",
        "thinking",
        "parked-answer",
        "sign-in",
    ):
        show(display, page, SCENES[name])
        assert page.evaluate(
            "[document.scrollingElement.scrollHeight <= innerHeight,"
            " document.scrollingElement.scrollWidth <= innerWidth]"
        ) == [True, True]
        for one, other in combinations(("header", "#text", "#talk", "#line"), 2):
            assert is_apart(box_of(page, one), box_of(page, other)), (name, one, other)


def box_of(page: Page, part: str) -> FloatRect:
    box = page.locator(part).bounding_box()
    assert box, f"{part} is not shown"
    return box


def is_apart(one: FloatRect, other: FloatRect) -> bool:
    """Side by side or one above the other, give or take a pixel."""
    return any(
        low[at] + low[size] <= high[at] + 1  # type: ignore[literal-required]
        for at, size in (("x", "width"), ("y", "height"))
        for low, high in ((one, other), (other, one))
    )


@pytest.mark.parametrize("name", ["night", "in-call", "incoming"])
def test_buttons_are_large_enough_for_a_moving_finger(
    display: Display, visit: Visit, name: str
) -> None:
    """76 dp. Source: Android, car UI library, appendix B."""
    page = visit()
    show(display, page, SCENES[name])
    for button in page.locator("#buttons button, #talk").all():
        box = button.bounding_box()
        assert box
        assert min(box["width"], box["height"]) >= 76


def test_private_mode_keeps_titles_from_the_page(display: Display, visit: Visit) -> None:
    page = visit()
    show(display, page, SCENES["day"])
    assert "Budget" in page.content()
    show(display, page, SCENES["private"])
    for word in ("Budget", "Interview", "Anna", "Brünn"):
        assert word not in page.content()


def test_day_and_night_follow_the_browser_unless_told(display: Display, visit: Visit) -> None:
    def ground(page: Page) -> str:
        return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))

    light, dark = visit(color_scheme="light"), visit(color_scheme="dark")
    for page in (light, dark):
        show(display, page, themed("day", Theme.AUTO))
    assert ground(light) != ground(dark)
    for page in (light, dark):
        show(display, page, themed("day", Theme.NIGHT))
    assert ground(light) == ground(dark)


def test_nothing_moves_for_those_who_ask(display: Display, visit: Visit) -> None:
    moving, still = visit(), visit(reduced_motion="reduce")
    for page in (moving, still):
        show(display, page, SCENES["listening"])
    assert moving.evaluate("document.getAnimations().length") > 0
    assert still.evaluate("document.getAnimations().length") == 0


@pytest.mark.parametrize("tag", sorted(LOCALES.keys() - {"en-GB"}))
def test_speaks_the_language_of_the_driver(display: Display, visit: Visit, tag: str) -> None:
    page = visit()
    spoken = labels(tag)
    for name in SCENES:
        look = replace(SCENES[name].look, labels=spoken, locale=tag)
        view = show(display, page, replace(SCENES[name], look=look))
        assert page.locator("html").get_attribute("lang") == tag
        buttons = page.locator("#buttons").inner_text()
        assert not any(ENGLISH[key] in buttons for key in ("hang_up", "answer", "decline"))
        for part in ("header", "#focus", "#talk"):
            assert is_inside(box_of(page, part)), (name, part)
        cut = [t["text"] for t in page.evaluate(TEXTS) if t["is_cut"] and t["area"] == "lines"]
        assert not (cut and view.is_moving), (name, cut)


def is_inside(box: FloatRect) -> bool:
    return box["x"] >= 0 and box["x"] + box["width"] <= 1281


@pytest.mark.parametrize(
    "name", ["day", "night", "in-call", "private", "listening", "answer", "sign-in"]
)
def test_picture_of(display: Display, visit: Visit, tmp_path: Path, name: str) -> None:
    """The README's pictures; `ROADCALL_PICTURES=1` puts them there."""
    page = visit(reduced_motion="reduce")
    show(display, page, SCENES[name])
    folder = PICTURES if os.environ.get("ROADCALL_PICTURES") else tmp_path
    shot = page.screenshot(path=folder / f"{name}.png")
    assert 10_000 < len(shot) < 100_000, "a blank or a heavy picture"
