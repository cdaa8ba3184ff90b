"""How a page looks: to everybody, on a small screen, in large type, and as a picture."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Page, expect

from config.home import BASE

AXE = Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js"
PHONE, DESK = (390, 844), (1280, 800)
GRAVE = ("serious", "critical")
NARROWEST = 320
PICTURES = BASE / "docs" / "screens"
MOST_BYTES = 150_000

TOO_WIDE = """() => {
  const page = document.scrollingElement, most = page.clientWidth;
  if (page.scrollWidth <= most) return [];
  const name = (it) => it.outerHTML.split(">")[0].slice(0, 120) + ">";
  const found = [...document.querySelectorAll("body *")]
    .filter((it) => it.getBoundingClientRect().right > most + 0.5).slice(0, 5).map(name);
  return [`${page.scrollWidth} px of content in ${most} px`, ...found];
}"""
LARGE_TYPE = """(times) => {
  const all = [...document.querySelectorAll("body, body *")].filter((it) => it.style);
  const sizes = all.map((it) => parseFloat(getComputedStyle(it).fontSize));
  window.typeBefore = all.map((it) => [it, it.getAttribute("style")]);
  all.forEach((it, n) => it.style.setProperty("font-size", `${sizes[n] * times}px`, "important"));
}"""
USUAL_TYPE = """() => {
  for (const [it, style] of window.typeBefore) {
    it.style.cssText = style ?? "";
    if (style === null && it.getAttribute("style") === "") it.removeAttribute("style");
  }
  delete window.typeBefore;
}"""


def axe(page: Page, *, without: tuple[str, ...] = ()) -> None:
    """
    Nothing on the page keeps anybody out seriously, as axe sees it.

    ``without`` names rules that are not asked, with a reason beside the call. The script enters by
    the debugger, which no Content-Security-Policy binds.
    """
    session = page.context.new_cdp_session(page)
    try:
        session.send("Runtime.evaluate", {"expression": AXE.read_text()})
        rules = ",".join(f"'{rule}': {{enabled: false}}" for rule in without)
        options = f"{{resultTypes: ['violations'], rules: {{{rules}}}}}"
        run = f"axe.run(document, {options}).then((it) => it.violations)"
        asked = {"expression": run, "awaitPromise": True, "returnByValue": True}
        answer = session.send("Runtime.evaluate", asked)
    finally:
        session.detach()
    assert "exceptionDetails" not in answer, answer["exceptionDetails"]
    grave = [one for one in answer["result"]["value"] if one["impact"] in GRAVE]
    assert not grave, "\n".join([page.url, *map(_told, grave)])


def _told(violation: dict[str, Any]) -> str:
    places = [
        f"    {' '.join(map(str, node['target']))}: {node['html'][:160]}"
        for node in violation["nodes"][:5]
    ]
    return "\n".join([f"{violation['impact']} {violation['id']}: {violation['help']}", *places])


def fits(page: Page) -> None:
    """
    No sideways scrolling on a screen of 320 px, nor with letters twice as large as they were.

    Letters alone are made larger, of whatever unit, as WeChat and phones do it.
    Source: WCAG 2.2, 1.4.10 Reflow and 1.4.4 Resize Text.
    """
    usual = page.viewport_size
    assert usual is not None
    page.set_viewport_size({"width": NARROWEST, "height": usual["height"]})
    narrow = page.evaluate(TOO_WIDE)
    page.set_viewport_size(usual)
    assert not narrow, "\n".join([f"{page.url} at {NARROWEST} px", *narrow])
    page.evaluate(LARGE_TYPE, 2)
    large = page.evaluate(TOO_WIDE)
    page.evaluate(USUAL_TYPE)
    assert not large, "\n".join([f"{page.url} in type of 200 %", *large])


def picture(page: Page, name: str, *, replaces: bool = True) -> None:
    """
    Write what the screen shows to ``docs/screens/NAME.png``, if RX_PICTURES is set.

    256 colours, 150 KB at most. Nothing otherwise, so that tests leave the tree as it was. One that
    does not replace another is taken only where there is none.
    """
    if os.environ.get("RX_PICTURES") and (replaces or not (PICTURES / f"{name}.png").exists()):
        shot = page.screenshot(animations="disabled", caret="hide", scale="css")
        PICTURES.mkdir(parents=True, exist_ok=True)
        path = PICTURES / f"{name}.png"
        path.write_bytes(small(shot))


def small(png: bytes) -> bytes:
    """The same picture in 256 colours, or fewer if it would be too large."""
    whole = Image.open(io.BytesIO(png)).convert("RGB")
    for colours in (256, 64, 16):
        file = io.BytesIO()
        whole.quantize(colours, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
        if file.tell() <= MOST_BYTES:
            break
    return file.getvalue()


def weight(page: Page, path: str) -> int:
    """Bytes that came over the line to show this address, with an empty cache."""
    session, bytes_ = page.context.new_cdp_session(page), [0]

    def count(event: dict[str, Any]) -> None:
        bytes_[0] += int(event["encodedDataLength"])

    session.on("Network.loadingFinished", count)
    session.send("Network.enable")
    session.send("Network.clearBrowserCache")
    page.goto("about:blank")  # or another fragment of the same page would load nothing
    page.goto(path, wait_until="load")
    expect(page.locator("main[aria-busy=true]")).to_have_count(0)
    session.detach()
    return bytes_[0]
