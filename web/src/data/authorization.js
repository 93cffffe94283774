/** How a token is sent. For the page and for its worker, which has no address and no storage. */

/**
 * What a request is sent with.
 * @param {string | null} text the token
 * @returns {{headers?: Record<string, string>}}
 */
export function authorization(text) {
  if (text === null) return {};
  // A header holds bytes, and `fetch` takes one for each character.
  return { headers: { Authorization: `Bearer ${String.fromCharCode(...new TextEncoder().encode(text))}` } };
}
