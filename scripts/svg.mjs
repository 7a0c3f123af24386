// @ts-check
/** What the pictures of the guide have in common: their frame, their colors in light and dark, their text. */

/**
 * A picture.
 *
 * @param {{ title: string, width: number, height: number, parts: readonly string[] }} what
 */
export function page({ title, width, height, parts }) {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">
<style>
svg { font: 13px system-ui, "Segoe UI", "Noto Sans", "Liberation Sans", sans-serif; background: #fff; }
text { fill: #1f1e1b; } .title { font-weight: 650; font-size: 14px; } .soft { fill: #66625b; } .on { text-anchor: middle; font-size: 12px; }
line { stroke: #e5e2db; } .page { fill: #fff; }
rect.loop { fill: #4a5cd0; } rect.thread { fill: #0b776d; } rect.wait { fill: #d5d9f3; } rect.bad { fill: #b3261e; } rect.soft { fill: #e9e6df; } rect.peer { fill: #b5b0a6; }
text.loop, text.thread, text.bad { fill: #fff; } text.on.wait, text.on.soft { fill: #1f1e1b; }
@media (prefers-color-scheme: dark) {
svg { background: #1b1c1f; } .page { fill: #1b1c1f; } text { fill: #ebeae6; } .soft { fill: #a7a49c; } line { stroke: #2e3035; }
rect.wait { fill: #343b66; } rect.soft { fill: #3a3c42; } rect.peer { fill: #6d6a64; } text.on.wait, text.on.soft { fill: #ebeae6; }
}
</style>
<rect class="page" width="${width}" height="${height}"/>
<text class="title" x="16" y="28">${escaped(title)}</text>
${parts.join("\n")}
</svg>
`;
}

export const round = (/** @type {number} */ value) => Math.round(value * 10) / 10;

export const escaped = (/** @type {string} */ text) =>
  text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
