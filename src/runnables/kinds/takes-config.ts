/** An arrow function with one parameter at most: it has no `arguments`, so that it cannot know what else it is called with. */
const ONE_PARAMETER = /^(?:async\b\s*)?(?:[\w$]+|\(\s*(?:[\w$]+|\{[^(){}=.]*\}|\[[^()[\]=.]*\])?\s*,?\s*\))\s*=>/;

/**
 * Whether a function may look at its config, by its source. Where it cannot, none is made for it: in a call with callbacks, that is a third
 * of what a step costs.
 */
// biome-ignore lint/complexity/noBannedTypes: functions of all types are steps
export function takesConfig(func: Function): boolean {
  return !ONE_PARAMETER.test(Function.prototype.toString.call(func));
}
