import type { SyntaxNode } from "./parse.ts";
import { type ElementOf, Origins, UNKNOWN } from "./variable-origins.ts";
import { isFunction, methodOf, nodesIn } from "./walk-syntax.ts";

const CHANGING =
  /^(?:push|pop|shift|unshift|splice|sort|reverse|fill|copyWithin|add|delete|clear|append|set(?:[A-Z]\w*)?|call|apply|bind)$/;
const CHANGING_FIRST = /^(?:assign|define\w+|set\w*|deleteProperty|freeze|seal|preventExtensions|apply)$/;
/** Methods whose result is new, or no object. */
const MAKING =
  /^(?:map|filter|slice|split|concat|flat|flatMap|join|keys|values|entries|from|of|fromEntries|parse|stringify|match|matchAll|to[A-Z]\w*|with|trim\w*|pad\w*|replace\w*|repeat|substring|char\w+|codePointAt|indexOf|lastIndexOf|findIndex|includes|has|test|exec|some|every|startsWith|endsWith|normalize|localeCompare|now|get(?:Time|Date|Day|FullYear|Hours|Minutes|Month|Seconds|UTC\w+)|push|unshift|delete)$/;
/** The methods, of these, whose result holds nothing that was there before. */
const MAKING_ANEW = /^(?:split|join|parse|stringify|match|to(?:String|Fixed|UpperCase|LowerCase|ISOString))$/;
const RETURNING_ITSELF = /^(?:sort|reverse|fill|copyWithin|set|add)$/;
const TAKING_OUT = /^(?:pop|shift|at|get|find|findLast)$/;
const MAKING_FUNCTIONS =
  /^(?:structuredClone|String|Number|Boolean|BigInt|Symbol|Array|parseInt|parseFloat|isNaN|isFinite|\w+codeURI\w*)$/;
const COUNTS = /^(?:length|size|byteLength)$/;
const VIEWS = /^(?:(?:Big)?(?:Int|Uint|Float)\d+(?:Clamped)?Array|DataView)$/;
const COLLECTIONS = /^(?:Array|Map|Set|WeakMap|WeakSet|Object)$/;
const PRIMITIVES = /^(?:undefined|NaN|Infinity)$/;
/** The number of variables that are followed before the answer is "may change". */
const LIMIT = 10_000;

/**
 * Whether a function may change its input, as far as its source tells: every change counts that the function does not clearly make to an
 * object of its own. In another thread a copy would be changed instead, which nobody would see.
 */
export function mayChangeInput(root: SyntaxNode): boolean {
  const origins = new Origins(root);
  const own = new Ownership(origins);
  for (const node of nodesIn(root)) if (changed(node).some((object) => !own.isOwn(object))) return true;
  return false;
}

/** The objects that a node changes. */
function changed(node: SyntaxNode): SyntaxNode[] {
  switch (node.type) {
    case "AssignmentExpression":
      return [...nodesIn(node.left, (child) => node.left.type.endsWith("Pattern") && !isFunction(child))]
        .filter(({ type }) => type === "MemberExpression")
        .map(({ object }) => object);
    case "UpdateExpression":
      return node.argument.type === "MemberExpression" ? [node.argument.object] : [];
    case "UnaryExpression":
      return node.operator === "delete" && node.argument.type === "MemberExpression" ? [node.argument.object] : [];
    case "ForOfStatement":
    case "ForInStatement":
      return node.left.type === "MemberExpression" ? [node.left.object] : [];
    case "CallExpression":
      return changedByCall(node);
    default:
      return [];
  }
}

function changedByCall(call: SyntaxNode): SyntaxNode[] {
  const { callee } = call;
  const [first] = call.arguments;
  // A buffer in its second argument is moved.
  if (callee.name === "structuredClone" && call.arguments.length > 1) return [first];
  if (callee.type !== "MemberExpression") return [];
  if (callee.computed) return [callee.object];
  const name = callee.property.name;
  if (/^(?:Object|Reflect)$/.test(callee.object.name)) return first && CHANGING_FIRST.test(name) ? [first] : [];
  return CHANGING.test(name) ? [callee.object] : [];
}

/** Tells objects that a function made itself from those that it may have been given. */
class Ownership {
  private readonly open = new Set<string>();
  private followed = 0;

  constructor(private readonly origins: Origins) {}

  /** Whether an expression gives an object that the function made, or no object. */
  isOwn(node: SyntaxNode | ElementOf | typeof UNKNOWN): boolean {
    if (node === UNKNOWN) return false;
    if (node.type === "ElementOf") return this.isOwnWithin(node.container as SyntaxNode);
    const expression = node as SyntaxNode;
    switch (expression.type) {
      case "ArrayExpression":
      case "ObjectExpression":
      case "ThisExpression":
        return true;
      case "NewExpression":
        return !VIEWS.test(expression.callee.name) || this.takesNoBuffer(expression);
      case "Identifier":
        return this.follow(expression.name, "own", (origin) => this.isOwn(origin));
      case "MemberExpression":
        return (!expression.computed && COUNTS.test(expression.property.name)) || this.isOwnWithin(expression.object);
      case "CallExpression":
        return this.isOwnResult(expression);
      default:
        return this.holds(expression, (inner) => this.isOwn(inner));
    }
  }

  /** Whether the function also made all objects that stand directly in that one. */
  private isOwnWithin(node: SyntaxNode | ElementOf | typeof UNKNOWN): boolean {
    if (node === UNKNOWN || node.type === "ElementOf") return false;
    const expression = node as SyntaxNode;
    switch (expression.type) {
      case "ArrayExpression":
        return expression.elements.every((element: SyntaxNode | null) => element === null || this.isOwn(element));
      case "ObjectExpression":
        return expression.properties.every(({ value }: SyntaxNode) => value !== undefined && this.isOwn(value));
      case "NewExpression":
        if (VIEWS.test(expression.callee.name)) return this.takesNoBuffer(expression);
        return COLLECTIONS.test(expression.callee.name) && expression.arguments.every(isNumber);
      case "Identifier": {
        const stored = this.origins.stored.get(expression.name) ?? [];
        const within = this.follow(expression.name, "within", (origin) => this.isOwnWithin(origin));
        return within && stored.every((origin) => this.isOwn(origin));
      }
      case "CallExpression":
        return this.isOwnResultWithin(expression);
      case "MemberExpression":
      case "ThisExpression":
        return false;
      default:
        return this.holds(expression, (inner) => this.isOwnWithin(inner));
    }
  }

  private isOwnResult(call: SyntaxNode): boolean {
    const called = methodOf(call);
    if (called === undefined) return call.callee.type === "Identifier" && MAKING_FUNCTIONS.test(call.callee.name);
    const { receiver, method } = called;
    if (receiver.name === "Math" || MAKING.test(method)) return true;
    if (RETURNING_ITSELF.test(method)) return this.isOwn(receiver);
    if (TAKING_OUT.test(method)) return this.isOwnWithin(receiver);
    const [reducer, start] = call.arguments;
    if (!/^reduce(?:Right)?$/.test(method) || start === undefined) return false;
    return this.isOwn(start) && returns(reducer, (returned) => this.isOwn(returned));
  }

  private isOwnResultWithin(call: SyntaxNode): boolean {
    const called = methodOf(call);
    const [first, second] = call.arguments;
    if (called === undefined) {
      const { name } = call.callee;
      return name === "Array" ? call.arguments.every(isNumber) : this.isOwnResult(call);
    }
    const { receiver, method } = called;
    if (method === "from") return second !== undefined && returns(second, (returned) => this.isOwn(returned));
    if (method === "map" || method === "flatMap") return returns(first, (returned) => this.isOwn(returned));
    if (/^reduce(?:Right)?$/.test(method) && second !== undefined)
      return this.isOwnWithin(second) && returns(first, (returned) => this.isOwnWithin(returned));
    if (method === "fill") return this.isOwnWithin(receiver) && this.isOwn(first);
    if (/^(?:sort|reverse|slice|filter|toSorted|toReversed)$/.test(method)) return this.isOwnWithin(receiver);
    // The keys of a Map may be objects.
    if (method === "keys") return receiver.name === "Object";
    return receiver.name === "Math" || MAKING_ANEW.test(method);
  }

  /** Checks the inner expressions whose values an expression passes on. Others make primitives or functions, or are not known. */
  private holds(node: SyntaxNode, check: (inner: SyntaxNode) => boolean): boolean {
    switch (node.type) {
      case "ConditionalExpression":
        return check(node.consequent) && check(node.alternate);
      case "LogicalExpression":
        return check(node.left) && check(node.right);
      case "AssignmentExpression":
        if (node.operator === "=") return check(node.right);
        return !/^(?:\?\?|\|\||&&)=$/.test(node.operator) || (check(node.left) && check(node.right));
      case "SequenceExpression":
        return check(node.expressions.at(-1));
      case "ChainExpression":
        return check(node.expression);
      case "AwaitExpression":
        return check(node.argument);
      default:
        return (
          /^(?:Literal|TemplateLiteral|BinaryExpression|UnaryExpression|UpdateExpression|Class\w+)$/.test(node.type) ||
          isFunction(node)
        );
    }
  }

  /** A view shares the memory of the buffer that it is made of. */
  private takesNoBuffer({ arguments: given }: SyntaxNode): boolean {
    return given.every((argument: SyntaxNode) => isNumber(argument) || this.isOwn(argument));
  }

  /** Checks all values that a variable may have. A variable that leads back to itself passes. */
  private follow(
    name: string,
    what: string,
    check: (origin: SyntaxNode | ElementOf | typeof UNKNOWN) => boolean,
  ): boolean {
    if (PRIMITIVES.test(name)) return true;
    const key = `${what} ${name}`;
    if (this.open.has(key)) return true;
    const origins = this.origins.assigned.get(name);
    if (origins === undefined || ++this.followed > LIMIT) return false;
    this.open.add(key);
    try {
      return origins.every(check);
    } finally {
      this.open.delete(key);
    }
  }
}

/** Whether an expression gives a number for sure. */
function isNumber(node: SyntaxNode): boolean {
  if (node.type === "Literal") return typeof node.value === "number";
  if (node.type === "MemberExpression") return !node.computed && COUNTS.test(node.property.name);
  return node.type === "BinaryExpression" || methodOf(node)?.receiver.name === "Math";
}

/** Whether all results of an inline function pass a check. */
function returns(func: SyntaxNode | undefined, check: (returned: SyntaxNode) => boolean): boolean {
  if (!isFunction(func)) return false;
  if (func.body.type !== "BlockStatement") return check(func.body);
  const statements = [...nodesIn(func.body, (node) => !isFunction(node))].filter(
    ({ type }) => type === "ReturnStatement",
  );
  return statements.every(({ argument }) => argument === null || check(argument));
}
