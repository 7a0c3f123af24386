/** What CommonJS programs and tests of Jest do. Each gives 42. @param {typeof import("runlane")} runlane */
module.exports = ({ processes, RunnableLambda, threads }) => {
  const double = RunnableLambda.from((x) => x * 2);
  /** @param {typeof threads} open */
  const onLane = async (open) => {
    const lane = open({ max: 1 });
    try {
      return await double.withLane(lane).invoke(21);
    } finally {
      await lane.close();
    }
  };
  return {
    "plain chain": () => double.invoke(21),
    "threads()": () => onLane(threads),
    "processes()": () => onLane(processes),
  };
};
