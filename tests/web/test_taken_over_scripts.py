"""What is not ours does its work under our policy, and codes go from a screen into a camera."""

from nacl.signing import SigningKey
from playwright.sync_api import expect

from tests.web.conftest import a_page
from tests.web.looking import DESK
from tests.web.shown import served

SIGNS = """
import nacl from "/static/web/vendor/tweetnacl/nacl-fast.js";
const pair = nacl.sign.keyPair.fromSeed(new Uint8Array(32).fill(7));
const signed = nacl.sign.detached(new TextEncoder().encode("处方"), pair.secretKey);
const fresh = nacl.sign.keyPair().publicKey;
const said = document.querySelector("output");
said.textContent = [...signed].map((it) => it.toString(16).padStart(2, "0")).join("");
said.dataset.fresh = new Set(fresh).size > 8;
said.dataset.leaks = "nacl" in self;
"""
CURVE = """
import uPlot from "/static/web/vendor/uplot/uplot.js";
const place = document.querySelector("main");
const series = [{}, { stroke: "red" }];
new uPlot({ width: 300, height: 200, series }, [[1, 2, 3], [4, 6, 5]], place);
document.querySelector("output").textContent = "drawn";
"""
SHOWS = """
import { drawn } from "/static/web/qr.js";
const text = new URLSearchParams(location.search).get("t");
document.querySelector("main").append(drawn(text, "取药码"));
"""
SCANS = """
import { texts } from "/static/web/scanning.js";
const until = new AbortController();
document.querySelector("button").onclick = () => until.abort();
for await (const text of texts(document.querySelector("video"), { signal: until.signal })) {
  const line = document.createElement("li");
  line.textContent = text;
  document.querySelector("ol").append(line);
}
document.querySelector("output").textContent = "off";
"""


def test_tweetnacl_signs_as_libsodium_does(browser, contexts, watch):
    files = {"a.html": "<output></output><script type=module src=/a.js></script>", "a.js": SIGNS}
    with served(files) as url:
        watch.origins.add(url)
        page = a_page(browser, contexts, watch)
        page.goto(f"{url}/a.html")
        said = page.locator("output")
        expect(said).to_have_attribute("data-fresh", "true")
        expect(said).to_have_attribute("data-leaks", "false")
        expect(said).to_have_text(SigningKey(bytes([7]) * 32).sign("处方".encode()).signature.hex())


def test_a_curve_is_drawn_and_wechats_look_is_worn(browser, contexts, watch):
    links = "".join(
        f"<link rel=stylesheet href=/static/web/vendor/{name}>"
        for name in ("weui/weui.min.css", "uplot/uplot.css")
    )
    body = f"{links}<main></main><output></output><a class='weui-btn weui-btn_primary'>取药</a>"
    files = {"a.html": f"{body}<script type=module src=/a.js></script>", "a.js": CURVE}
    with served(files) as url:
        watch.origins.add(url)
        page = a_page(browser, contexts, watch, DESK)
        page.goto(f"{url}/a.html")
        expect(page.locator("output")).to_have_text("drawn")
        expect(page.locator(".u-wrap canvas")).to_have_css("width", "300px")
        expect(page.locator(".weui-btn")).to_have_css("background-color", "rgb(7, 193, 96)")


def test_a_code_on_one_screen_is_read_by_another_ones_camera(browser, contexts, watch, camera):
    shows = {"a.html": "<main></main><script type=module src=/a.js></script>", "a.js": SHOWS}
    body = "<video></video><ol></ol><button>停</button><output></output>"
    scans = {"b.html": f"{body}<script type=module src=/b.js></script>", "b.js": SCANS}
    text = "rx-pickup 柳州 " + "0123456789abcdef" * 12
    with served(shows) as one, served(scans, scans=True) as other:
        watch.origins |= {one, other}
        patient, pharmacist = a_page(browser, contexts, watch), a_page(browser, contexts, watch)
        patient.goto(f"{one}/a.html?t={text}")
        camera.looks_at(patient.get_by_role("img", name="取药码"))
        pharmacist.goto(f"{other}/b.html")
        lines = pharmacist.locator("li")
        expect(lines).to_have_text([text])
        camera.sees("81234567890123456789", "Code128")  # a traceability code, before the same eye
        expect(lines).to_have_text([text, "81234567890123456789"])
        pharmacist.get_by_role("button").click()
        expect(pharmacist.locator("output")).to_have_text("off")
        assert pharmacist.evaluate("document.querySelector('video').srcObject === null")


def test_without_leave_no_webassembly_runs(browser, contexts, watch):
    """The scanner's page alone may; elsewhere the same script finds nothing to run."""
    body = "<video></video><ol></ol><button>停</button><output></output>"
    files = {"b.html": f"{body}<script type=module src=/b.js></script>", "b.js": SCANS}
    with served(files) as url:
        watch.origins.add(url)
        page = a_page(browser, contexts, watch)
        with page.expect_event("pageerror") as error:
            page.goto(f"{url}/b.html")
        assert "unsafe-eval" in str(error.value)
        watch.expect("unsafe-eval|falling back to ArrayBuffer")
