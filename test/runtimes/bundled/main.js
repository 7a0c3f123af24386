import { cells } from "./cells.js";

cells().then((outcomes) => console.log(JSON.stringify({ cells: outcomes })));
