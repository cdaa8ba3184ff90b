"""What browsers get that is not ours is what its makers published, and is served as what it is."""

import gzip
import hashlib
from pathlib import Path

import pytest
from whitenoise import WhiteNoise

from config.home import BASE

SERVED = BASE / "web" / "static" / "web" / "vendor"
FOLDERS = (SERVED, Path(__file__).parent / "vendor")
OURS = {
    "tweetnacl/nacl-fast.js": (
        b"const module = { exports: {} };\n",
        b"\nexport default module.exports;\n",
    ),
    "uplot/uplot.js": (b"", b"\nexport default uPlot;\n"),
}
"""What we put before and behind a file to make it a module."""
TYPES = {".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm"}


def rows(folder: Path) -> list[list[str]]:
    """The cells of the tables in the folder's README, without their heads."""
    lines = (folder / "README.md").read_text().splitlines()
    cells = [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in lines if "|" in line]
    return [row for row in cells if len(row[-1]) == 64]


def files(folder: Path) -> list[Path]:
    licences = ("README.md", "LICENSE")
    found = [it for it in folder.rglob("*") if it.is_file() and not it.name.startswith(licences)]
    return [it for it in found if it.suffix != ".gz"]


@pytest.mark.parametrize("folder", FOLDERS, ids=["served", "for tests"])
def test_what_was_taken_over_is_unchanged(folder):
    """The digests stand beside the files."""
    found = {}
    for path in files(folder):
        name, data = path.relative_to(folder).as_posix(), path.read_bytes()
        before, behind = OURS.get(name, (b"", b""))
        assert data.startswith(before)
        assert data.endswith(behind)
        found[name] = hashlib.sha256(data.removeprefix(before).removesuffix(behind)).hexdigest()
    assert found == {row[0]: row[2] for row in rows(folder) if len(row) == 3}


@pytest.mark.parametrize("folder", FOLDERS, ids=["served", "for tests"])
def test_each_package_has_its_version_and_its_licence(folder):
    said = {row[1].split(" ")[0].strip("`") for row in rows(folder) if len(row) == 4}
    assert said == {it.name for it in folder.iterdir() if it.is_dir()}
    for name in said:
        assert (folder / name / "LICENSE").stat().st_size > 1000


def test_each_file_is_served_as_what_it_is():
    """A module or WebAssembly of another type is run by no browser; text is in UTF-8."""
    served = WhiteNoise(None, root=SERVED, prefix="static/")
    for path in files(SERVED):
        file = served.files[f"/static/{path.relative_to(SERVED).as_posix()}"]
        said = dict(file.get_response("GET", {}).headers)["Content-Type"]
        assert said.split(";")[0] == TYPES[path.suffix], path
        assert path.suffix == ".wasm" or said.endswith('charset="utf-8"'), path


def test_the_large_sheet_goes_over_the_line_compressed():
    """WhiteNoise serves what lies beside a file under the same name and ``.gz``."""
    sheet = SERVED / "weui" / "weui.min.css"
    packed = sheet.with_suffix(".css.gz").read_bytes()
    assert gzip.decompress(packed) == sheet.read_bytes()
    served = WhiteNoise(None, root=SERVED, prefix="static/").files["/static/weui/weui.min.css"]
    answer = served.get_response("GET", {"HTTP_ACCEPT_ENCODING": "gzip, br"})
    assert dict(answer.headers)["Content-Encoding"] == "gzip"
    assert int(dict(answer.headers)["Content-Length"]) < 25_000


def test_no_file_writes_markup_or_code():
    """Trusted Types would stop it on the page; here it is seen before."""
    for path in SERVED.rglob("*.js"):
        text = path.read_text()
        for sink in (".innerHTML", "insertAdjacentHTML", "document.write", "new Function", "eval("):
            assert sink not in text, (path, sink)
