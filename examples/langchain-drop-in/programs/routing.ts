/** Sends each request to the step that fits it: by branches, by a function that returns a runnable, by a router. */
import { StringOutputParser } from "@langchain/core/output_parsers";
import { PromptTemplate } from "@langchain/core/prompts";
import { RouterRunnable, RunnableBranch, RunnableLambda, RunnableSequence } from "@langchain/core/runnables";
import { FakeListChatModel } from "@langchain/core/utils/testing";

interface Request {
  desk: string;
  text: string;
}

const desk = (name: string, reply: string) =>
  RunnableSequence.from<Request, string>([
    PromptTemplate.fromTemplate(`${name} desk, please answer: {text}`),
    new FakeListChatModel({ responses: [reply] }),
    new StringOutputParser(),
  ]);
const loans = desk("Loans", "Two weeks, and once more on request.");
const lost = desk("Lost property", "Look in the blue box.");
const general = desk("General", "Ask at the counter.");

const branch = RunnableBranch.from([
  [(request: Request) => request.desk.includes("loan"), loans],
  [async (request: Request) => request.desk.includes("lost"), lost],
  general,
]);

const classify = RunnableLambda.from(
  (text: string): Request => ({
    desk: /borrow|renew/.test(text) ? "loan" : /umbrella|hat/.test(text) ? "lost" : "other",
    text,
  }),
);

const byBranch = classify.pipe(branch);
for (const text of ["May I borrow a map?", "I left a hat", "Where is the lift?"]) {
  console.log("branch:", await byBranch.invoke(text));
}

// A function that returns a runnable: it runs on the function's input.
const byFunction = classify.pipe((request: Request) => (request.desk === "loan" ? loans : general));
console.log("function:", await byFunction.invoke("renew it"), "|", await byFunction.invoke("hello"));

const router = new RouterRunnable({ runnables: { loans, lost } });
console.log("router:", await router.invoke({ key: "lost", input: { desk: "", text: "an umbrella" } }));
console.log(
  "router, batch:",
  await router.batch([
    { key: "loans", input: { desk: "", text: "a" } },
    { key: "lost", input: { desk: "", text: "b" } },
  ]),
);
try {
  await router.invoke({ key: "garage", input: { desk: "", text: "" } });
} catch (error) {
  console.log("unknown route:", error instanceof Error && error.message.includes("garage") ? "refused" : error);
}

const streamed: string[] = [];
for await (const piece of await byBranch.stream("I lost my hat")) streamed.push(piece);
console.log("streamed:", streamed.length, streamed.join(""));

const nested = RunnableBranch.from<number, string>([
  [(x: number) => x > 100, () => "huge"],
  [
    (x: number) => x > 10,
    RunnableBranch.from<number, string>([[(x: number) => x % 2 === 0, () => "large, even"], () => "large, odd"]),
  ],
  () => "small",
]);
console.log("nested:", await nested.batch([500, 12, 13, 3]));
