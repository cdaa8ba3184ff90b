/**
 * Server-sent events by `fetch`, since EventSource sends no Authorization (WHATWG HTML 9.2). What was
 * read last is said on coming back (`Last-Event-ID`), so nothing is lost and nothing comes twice.
 */
import { Problem } from "../base/api.js";
import { meta } from "../base/dom.js";
import { enterAgain } from "../base/enter.js";
import { session } from "../base/session.js";

const LEAST_MS = 1_000, MOST_MS = 15_000;
const SILENT_MS = 30_000; // a comment comes every ten seconds; who hears none has lost the connection

/**
 * Call `heard(entry)` for each entry, from `recent` entries back; `told("open" | "lost" | "refused",
 * problem)` of the connection. Ends when `signal` is aborted.
 */
export async function listen(heard, told, { recent = 50, signal } = {}) {
  let last = "", pause = LEAST_MS;
  while (!signal?.aborted) {
    let refused;
    try {
      const answer = await asked(last, recent, signal);
      if (answer.status === 401 && (await enterAgain())) continue;
      if (answer.status === 409) last = ""; // an older database was restored: begin anew
      if (!answer.ok) throw new Problem(answer.status, await answer.json());
      told("open");
      pause = LEAST_MS;
      for await (const { id, data } of events(answer.body)) {
        if (id !== undefined) last = id;
        if (data) heard(JSON.parse(data));
      }
    } catch (fault) {
      if (signal?.aborted) return;
      if (fault instanceof Problem) refused = fault;
      else if (!(fault instanceof TypeError || fault instanceof SyntaxError)) throw fault; // fetch says so that the connection was lost
    }
    told(refused ? "refused" : "lost", refused);
    await new Promise((done) => setTimeout(done, pause));
    pause = Math.min(pause * 2, MOST_MS);
  }
}

function asked(last, recent, signal) {
  const headers = { Authorization: `Bearer ${session().token}` };
  if (last) headers["Last-Event-ID"] = last;
  const address = meta("rx:live") || "/live";
  return fetch(last ? address : `${address}?recent=${recent}`, { headers, signal, cache: "no-store", credentials: "omit" });
}

/** The next piece of a stream; a silent one is cut. */
async function within(most, reader) {
  const timer = setTimeout(() => reader.cancel(), most);
  try {
    return await reader.read();
  } finally {
    clearTimeout(timer);
  }
}

/** The events of a stream; comments and what only sets the time of retrying have no data. */
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await within(SILENT_MS, reader);
    if (done) return;
    text += value;
    for (let end; (end = text.indexOf("\n\n")) >= 0; text = text.slice(end + 2)) {
      const fields = text.slice(0, end).split("\n").map((line) => line.split(/: ?(.*)/s));
      const found = Object.fromEntries(fields);
      if (found.event === "entry" || found.id !== undefined) yield { id: found.id, data: found.event === "entry" ? found.data : "" };
    }
  }
}
