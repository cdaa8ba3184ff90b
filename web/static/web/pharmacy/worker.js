/** What the counter's service worker keeps: the page for giving out offline, and the camera's reader (`base/keeping.js`). */
const CACHE = "rx-counter-2";
const SHELLS = ["/pharmacy/offline"];
const FILES = ["/static/web/vendor/zxing-wasm/reader/zxing_reader.wasm"];
const KEPT = /^\/(static\/(web|ledger)\/|words\.js$|pharmacy\/offline$)/;
