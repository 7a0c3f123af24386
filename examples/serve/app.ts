/**
 * The pipeline behind a route of one's own, on a page that shows the answer as it comes.
 *
 *     node --import tsx examples/serve/app.ts
 */
import { readFileSync } from "node:fs";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { toSSE } from "runlane/serve";
import pipeline from "./pipeline.ts";

const page = readFileSync(new URL("page.html", import.meta.url), "utf8");

const app = new Hono();
app.get("/", (c) => c.html(page));
app.get("/ask", (c) => toSSE(c.req.raw, pipeline, { question: c.req.query("question") ?? "" }));

serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 8081), hostname: "127.0.0.1" }, ({ port }) => {
  console.log(`listening on http://127.0.0.1:${port}`);
});
