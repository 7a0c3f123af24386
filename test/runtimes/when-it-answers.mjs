// @ts-check

/** A server that does not answer by then does not start. */
const PATIENCE_MS = 60_000;

/** The first answer of a server that is starting. @param {string} url */
export async function whenItAnswers(url) {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await fetch(url);
    } catch (error) {
      if (performance.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
