/**
 * Calls of the public API, as `hospital/client.py` makes them: every write under an Idempotency-Key,
 * repeated with the same key and bytes when the answer is lost.
 */
import { enterAgain } from "./enter.js";
import { session } from "./session.js";

const PATIENCE_MS = 15_000;
const AGAIN = ["server.contended", "idempotency.in_progress"];
const ONES_OWN = /^\/api\/(guardianships|entries|receipts|organisations)\b/; // what is public, or a guardian's own

/** The server refused, or cannot be reached (`code` "offline"). */
export class Problem extends Error {
  constructor(status, body) {
    super(`${status} ${body.code}: ${body.title || ""}`);
    Object.assign(this, { status, body, code: body.code || "" });
  }

  /** Whether the same question may have another answer soon: no network, too many questions, a server that is down. */
  get passing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** Read something; `query` are parameters of the address. */
export function get(path, query) {
  return called("GET", asking(path, query), undefined, {});
}

/** Read something whose bytes count (a receipt, a proof, a copy): its text as it came. */
export function text(path, query) {
  return called("GET", asking(path, query), undefined, {}, true);
}

function asking(path, query) {
  const parameters = new URLSearchParams(Object.entries(query || {}).filter(([, value]) => value !== undefined && value !== ""));
  return parameters.size ? `${path}?${parameters}` : path;
}

/** All rows called `name` of a list, page after page, as an async iterator. */
export async function* each(path, name, query) {
  let cursor;
  do {
    const page = await get(path, { ...query, cursor });
    yield* page[name];
    cursor = page.next;
  } while (cursor);
}

/** A call that changes nothing: log-in, statements, checks. */
export function post(path, body) {
  return called("POST", path, body || {}, {});
}

/** A write under an Idempotency-Key. */
export function write(path, body, key = crypto.randomUUID()) {
  return called("POST", path, body, { "Idempotency-Key": key });
}

async function called(method, path, body, headers, plain = false) {
  const until = Date.now() + PATIENCE_MS;
  let pause = 200, entered = false;
  for (;;) {
    const answer = await sent(method, path, body, headers, plain);
    const last = Date.now() + pause > until;
    if (answer.status === 401 && !path.startsWith("/api/login/") && !entered && (entered = true) && (await enterAgain())) continue;
    if (!last && mayRepeat(answer, method, headers)) {
      await new Promise((done) => setTimeout(done, pause));
      pause *= 2;
    } else if (answer.status >= 400 || answer.status === 0) throw new Problem(answer.status, answer.body);
    else return answer.body;
  }
}

/** Lost answers of reads are not waited for: a page shows at once that it is offline. */
function mayRepeat(answer, method, headers) {
  if (answer.status === 0) return method === "POST" && "Idempotency-Key" in headers && navigator.onLine;
  return answer.status === 503 || (answer.status === 409 && AGAIN.includes(answer.body.code));
}

async function sent(method, path, body, headers, plain) {
  const by = session();
  const known = { ...headers };
  if (by?.token) known.Authorization = `Bearer ${by.token}`;
  if (by?.guardianship && !ONES_OWN.test(path)) known.Guardianship = by.guardianship;
  if (body !== undefined) known["Content-Type"] = "application/json";
  const asked = { method, headers: known, cache: "no-store", credentials: "omit" };
  if (body !== undefined) asked.body = JSON.stringify(body);
  try {
    const answer = await fetch(path, asked);
    const text = await answer.text();
    return { status: answer.status, body: plain && answer.ok ? text : text ? JSON.parse(text) : {} };
  } catch (fault) {
    if (!(fault instanceof TypeError || fault instanceof SyntaxError)) throw fault;
    return { status: 0, body: { code: "offline", title: String(fault.message) } };
  }
}
