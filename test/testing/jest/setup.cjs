// The recipe of docs/watchdog.md: the hooks are found by themselves.
const { forbidBlocking } = require("runlane/testing");

forbidBlocking();
