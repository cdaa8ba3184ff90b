/**
 * Codes before the camera: from the pictures of a video to the texts in them.
 *
 * The page needs `'wasm-unsafe-eval'` in its policy; the reader (1 MB) is fetched from beside this
 * file at the first use.
 */

import { prepareZXingModule, readBarcodes } from "./vendor/zxing-wasm/reader/index.js";

/** QR on phones and on paper; the others are what boxes of medicine carry. */
export const FORMATS = ["QRCode", "DataMatrix", "Code128", "EAN13"];

const WASM = new URL("./vendor/zxing-wasm/reader/zxing_reader.wasm", import.meta.url).href;
const WIDEST = 1280; // pixels; a code on a phone held before a camera has plenty of them
const PAUSE_MS = 80;
const FORGOTTEN_MS = 2000; // who shows the same code again after so long means it

let loading;

/** Have the reader ready; who calls it early lets the first scan begin at once. */
export function prepare() {
  loading ??= prepareZXingModule({
    overrides: { locateFile: () => WASM },
    fireImmediately: true,
  }).catch((fault) => {
    loading = undefined;
    throw fault;
  });
  return loading;
}

/** The texts of all codes in a picture: an `ImageData`, or a `Blob` with a PNG or JPEG. */
export async function read(picture, formats = FORMATS) {
  await prepare();
  const found = await readBarcodes(picture, { formats, tryHarder: true });
  return found.filter((one) => one.isValid).map((one) => one.text);
}

/**
 * Show the camera in `video` and yield each text that comes before it, until `signal` is aborted or
 * the caller leaves the loop; then the camera is off. A code that stays is yielded once.
 *
 * Throws what `getUserMedia` throws: `NotAllowedError` if the person refuses, `NotFoundError` where
 * there is no camera.
 */
export async function* texts(video, { formats = FORMATS, signal } = {}) {
  const wanted = { video: { facingMode: "environment" }, audio: false };
  const [stream] = await Promise.all([navigator.mediaDevices.getUserMedia(wanted), prepare()]);
  try {
    video.muted = true;
    video.playsInline = true;
    video.srcObject = stream;
    await video.play();
    const seen = new Map();
    while (!signal?.aborted) {
      for (const text of await read(frame(video), formats)) {
        const before = seen.get(text) ?? -Infinity;
        seen.set(text, performance.now());
        if (performance.now() - before > FORGOTTEN_MS) yield text;
      }
      await new Promise((resume) => setTimeout(resume, PAUSE_MS));
    }
  } finally {
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
  }
}

/** The video's picture of this moment. */
function frame(video) {
  const scale = Math.min(1, WIDEST / video.videoWidth);
  const width = Math.round(video.videoWidth * scale);
  const height = Math.round(video.videoHeight * scale);
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(video, 0, 0, width, height);
  return context.getImageData(0, 0, width, height);
}
