"""
A camera that sees what a test holds before it.

Chromium plays a file in place of a camera (``--use-file-for-fake-video-capture``), over and over
from its start. The file here is one frame of raw video, always of the same size, and is written
over in place: so a test changes what the camera sees even while a page looks through it.
Source of the format: yuv4mpeg(5).
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import zxingcpp
from PIL import Image
from playwright.sync_api import Locator, Page

WIDTH, HEIGHT = 640, 480
HEAD = f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F15:1 Ip A1:1 C420jpeg\nFRAME\n".encode()
GREY = bytes([128]) * (WIDTH * HEIGHT // 2)
"""Both planes of colour."""


@dataclass(frozen=True, slots=True)
class Camera:
    """The one camera of all pages of a browser; ``path`` is the file that Chromium plays."""

    path: Path

    def sees_nothing(self) -> None:
        """A grey wall."""
        self._film(Image.new("L", (WIDTH, HEIGHT), 128))

    def sees(self, text: str, kind: str = "QRCode") -> None:
        """
        A code with this text; ``kind`` as ZXing names it: ``Code128``, ``DataMatrix``, ``EAN13``…

        Raises:
            ValueError: the text does not fit into a code of this kind.
        """
        made = zxingcpp.create_barcode(text, zxingcpp.barcode_format_from_str(kind))
        width, height = _grey(made, scale=1).size
        self._film(_grey(made, scale=max(1, min(WIDTH // width, HEIGHT // height))))

    def looks_at(self, shown: Page | Locator) -> None:
        """What another person's screen shows."""
        self._film(Image.open(io.BytesIO(shown.screenshot())).convert("L"))

    def _film(self, picture: Image.Image) -> None:
        picture.thumbnail((WIDTH, HEIGHT))
        wall = Image.new("L", (WIDTH, HEIGHT), 200)
        wall.paste(picture, ((WIDTH - picture.width) // 2, (HEIGHT - picture.height) // 2))
        with self.path.open("r+b" if self.path.exists() else "w+b") as file:
            file.write(HEAD + wall.tobytes() + GREY)


def _grey(code: zxingcpp.Barcode, *, scale: int) -> Image.Image:
    drawn = memoryview(code.to_image(scale=scale, add_quiet_zones=True))  # type: ignore[arg-type]
    height, width = drawn.shape or (0, 0)
    return Image.frombytes("L", (width, height), drawn.tobytes())
