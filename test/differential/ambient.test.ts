import "@langchain/core/context";
import { compare } from "./harness.ts";
import { ambient } from "./scenarios/ambient.ts";
import { contexts } from "./scenarios/contexts.ts";

// In a file of its own: the storage that LangChain installs here is there for the whole process.
compare("with an AsyncLocalStorage", ambient);
compare("with an AsyncLocalStorage of the user's own", contexts);
