import { ThreadWorker } from "poolifier";
import { double, echo, spin } from "./functions.mjs";

export default new ThreadWorker({ double, echo, spin });
