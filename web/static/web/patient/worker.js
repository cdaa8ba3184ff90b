/** What the patient's service worker keeps, so that receipts are checked without a network (`base/keeping.js`). */
const CACHE = "rx-pages-2";
const SHELLS = ["/patient/receipts", "/patient/receipt", "/patient/me", "/patient/"];
const FILES = [];
const KEPT = /^\/(static\/(web|ledger)\/|words\.js$|patient\/)/;
