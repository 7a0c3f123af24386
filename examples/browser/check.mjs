// @ts-check
/** Looks whether all parts of the page are there: `npm run test:runtimes` opens it in a browser. */
import { start } from "./serve.mjs";

const { server, url, paths } = await start();
try {
  if (!paths.some((path) => path.startsWith("/worker")))
    throw new Error(`There is no worker among ${paths.join(", ")}`);
  for (const path of paths) {
    const response = await fetch(new URL(path, url));
    if (!response.ok) throw new Error(`${path} answers ${response.status}`);
    await response.arrayBuffer();
  }
} finally {
  server.close();
}
