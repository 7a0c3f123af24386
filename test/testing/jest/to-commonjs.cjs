// As docs/typescript.md says: the package is compiled to CommonJS as Jest loads it.
const { transformSync } = require("esbuild");

module.exports = {
  process: (code) =>
    transformSync(code, {
      format: "cjs",
      supported: { "dynamic-import": false },
      define: { "import.meta.url": "moduleUrl" },
      banner: 'const moduleUrl = require("node:url").pathToFileURL(__filename).href;',
    }),
};
