/**
 * Pictures of patients. What leaves the phone is drawn anew on a canvas, so that place, time and maker
 * of the camera (EXIF) stay behind, and is small enough for the API; what comes is shown from memory.
 */
const MOST_BYTES = 950_000, LONGEST_PX = 1600, QUALITIES = [0.85, 0.7, 0.5, 0.35];
const TYPES = ["image/jpeg", "image/png", "image/webp"];

/** It is no picture that this browser can read, or does not get small enough. */
export class NoPicture extends Error {
  code = "body.picture";
}

/** The base64 of a JPEG of this file (a `File` or `Blob`), its longest side 1,600 px. Throws `NoPicture`. */
export async function redrawn(file) {
  const picture = await createImageBitmap(file).catch(() => { throw new NoPicture("unreadable"); });
  const scale = Math.min(1, LONGEST_PX / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: Math.max(1, Math.round(picture.width * scale)), height: Math.max(1, Math.round(picture.height * scale)) });
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff"; // where it was transparent
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  for (const quality of QUALITIES) {
    const made = await new Promise((done) => canvas.toBlob(done, "image/jpeg", quality));
    if (made && made.size <= MOST_BYTES) return base64(new Uint8Array(await made.arrayBuffer()));
  }
  throw new NoPicture("too large");
}

/** A `blob:` address of a picture that the API gave; whoever is done with it revokes it. */
export function address(text, type) {
  if (!TYPES.includes(type)) throw new NoPicture(type);
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return URL.createObjectURL(new Blob([bytes], { type }));
}

function base64(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}
