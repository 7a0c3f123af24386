import type { ServedChain } from "../served-chain.ts";

/** The program of the page. It asks this server alone, and shows what comes as text, never as markup. */
const SCRIPT = `
for (const form of document.forms) {
  const out = form.querySelector("output");
  let running;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    running?.abort();
    running = new AbortController();
    const { signal } = running;
    out.textContent = "";
    let input;
    const text = form.elements.input.value;
    try { input = JSON.parse(text); } catch { input = text; }
    const token = document.getElementById("token")?.value;
    const headers = { "content-type": "application/json", ...(token ? { authorization: "Bearer " + token } : {}) };
    const endpoint = event.submitter.value;
    try {
      const response = await fetch(form.dataset.path + "/" + endpoint, { method: "POST", headers, signal, body: JSON.stringify({ input }) });
      if (endpoint === "invoke" || !response.ok) {
        const body = await response.text();
        try { out.textContent = JSON.stringify(JSON.parse(body), null, 2); } catch { out.textContent = body; }
        return;
      }
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let next = await reader.read(); !next.done; next = await reader.read()) out.textContent += next.value;
    } catch (error) {
      if (!signal.aborted) out.textContent = String(error);
    }
  });
}
`;

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 44rem; margin: 2rem auto; padding: 0 1rem; }
form { border-top: 1px solid color-mix(in srgb, currentColor 25%, transparent); padding: 1rem 0; }
h2 { margin: 0 0 .5rem; font-size: 1.1rem; }
label { display: block; }
textarea, #token { width: 100%; box-sizing: border-box; font: .9rem ui-monospace, monospace; }
button { margin: .5rem .5rem .5rem 0; padding: .3rem .9rem; font: inherit; }
output { display: block; white-space: pre-wrap; overflow-wrap: anywhere; font: .85rem ui-monospace, monospace; }
`;

/** A page with the chains, and a form to try each: no framework, and no request to anywhere else. */
export class Page {
  readonly html: string;
  private policy: Promise<string> | undefined;

  constructor(chains: readonly ServedChain[], isProtected: boolean) {
    const token = isProtected ? '<label>Token <input id="token" type="password" autocomplete="off"></label>' : "";
    this.html = [
      '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Runlane</title>',
      '<meta name="viewport" content="width=device-width, initial-scale=1">',
      `<style>${STYLE}</style></head><body><main><h1>${escaped(chains.map(({ name }) => name).join(", "))}</h1>`,
      '<p><a href="/openapi.json">OpenAPI</a> · <a href="/metrics">Metrics</a></p>',
      token,
      ...chains.map(formOf),
      `</main><script>${SCRIPT}</script></body></html>`,
    ].join("\n");
  }

  /** The content security policy of the page: it may run its own script and ask this server. */
  contentSecurityPolicy(): Promise<string> {
    this.policy ??= policyOf();
    return this.policy;
  }
}

async function policyOf(): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(SCRIPT)));
  const hash = btoa(String.fromCharCode(...digest));
  return `default-src 'none'; script-src 'sha256-${hash}'; style-src 'unsafe-inline'; connect-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'`;
}

function formOf({ name, path }: ServedChain): string {
  const id = escaped(name);
  return [
    `<form data-path="${escaped(path)}" aria-labelledby="of ${id}"><h2 id="of ${id}">${id}</h2>`,
    '<label>Input, as JSON or as text<textarea name="input" rows="4" required></textarea></label>',
    '<button value="invoke">Invoke</button><button value="stream">Stream</button>',
    '<output aria-live="polite"></output></form>',
  ].join("\n");
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
