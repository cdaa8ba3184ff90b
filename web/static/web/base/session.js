/**
 * Who sits before this page. A session lasts as long as the tab; the key that opens the next one
 * stays on the device (`keys.js`). The token is in no address and in no cookie.
 */
const NAME = "rx.session";

/** `{token, account, role, organisation, identified, key?, guardianship?}`, or null. */
export function session() {
  const kept = sessionStorage.getItem(NAME);
  return kept ? JSON.parse(kept) : null;
}

export function keep(found) {
  sessionStorage.setItem(NAME, JSON.stringify(found));
}

export function change(values) {
  keep({ ...session(), ...values });
}

export function forget() {
  sessionStorage.removeItem(NAME);
}
