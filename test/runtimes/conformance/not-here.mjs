// @ts-check
/** What cases for lanes use of Node, and a browser does not have: a case that asks for it is skipped. */
export class NotHere extends Error {}

export class AsyncLocalStorage {
  run() {
    throw new NotHere("a browser has no AsyncLocalStorage");
  }
}

export function getEventListeners() {
  throw new NotHere("a browser does not tell who listens to a signal");
}
