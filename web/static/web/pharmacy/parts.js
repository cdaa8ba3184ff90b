/** Receipts as they come: files, or the QR codes of each (`ledger/paper.js`), in any order. */
import { joined } from "/static/ledger/paper.js";

const PART = /^RX1:[1-9][0-9]?\/([1-9][0-9]?):([0-9A-F]{8}):/;

export class Parts {
  files = [];
  #open = new Map();

  file(bytes) {
    this.files.push(bytes);
  }

  /** One code; whether it is a part of a receipt. A receipt that is whole becomes a file. */
  async scanned(text) {
    const part = PART.exec(text);
    if (!part) return false;
    const [, count, sign] = part, texts = this.#open.get(sign) || new Set();
    texts.add(text);
    this.#open.set(sign, texts);
    if (texts.size === Number(count)) {
      this.#open.delete(sign);
      this.file(await joined([...texts]));
    }
    return true;
  }

  clear() {
    this.files = [];
    this.#open.clear();
  }
}
