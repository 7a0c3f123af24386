module.exports = {
  transform: { "/node_modules/runlane/dist/.+\\.js$": "<rootDir>/to-commonjs.cjs" },
  transformIgnorePatterns: ["/node_modules/(?!runlane/)"],
  setupFilesAfterEnv: ["<rootDir>/setup.cjs"],
  testMatch: ["<rootDir>/blocking.test.cjs"],
  cache: false,
};
