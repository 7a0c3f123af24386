/**
 * Whether every cell of every table is to be run (`npm run test:all`). Otherwise the tables leave out cells that go the same way as
 * others through the same code.
 */
export const everything = process.env.RUNLANE_TESTS === "all";
