import type { SyntaxNode } from "./parse.ts";
import { namesOf } from "./syntax-scope.ts";
import { isFunction, methodOf, nodesIn } from "./walk-syntax.ts";

/** An unknown value, which may be a part of an argument. */
export const UNKNOWN = Symbol("unknown");

/** An element of a collection or a field of an object. */
export interface ElementOf {
  readonly type: "ElementOf";
  readonly container: SyntaxNode;
}

type Origin = SyntaxNode | ElementOf | typeof UNKNOWN;

const KEY: SyntaxNode = { type: "Literal", start: 0, end: 0 };

/** The values that variables of a function may have. Variables of one name count as one. */
export class Origins {
  /** The expressions assigned to a variable. */
  readonly assigned = new Map<string, Origin[]>();
  /** The expressions put into the object or the collection that is a variable's value. */
  readonly stored = new Map<string, Origin[]>();

  constructor(root: SyntaxNode) {
    const reducers = new Map<SyntaxNode, SyntaxNode>();
    for (const node of nodesIn(root)) {
      if (node.type === "CallExpression") this.noteCall(node, reducers);
      else if (node.type === "VariableDeclarator") this.noteDeclaration(node);
      else if (node.type === "AssignmentExpression") this.noteAssignment(node);
      else if (node.type === "ForOfStatement" || node.type === "ForInStatement") this.noteLoop(node);
      else if (node.type === "CatchClause") this.note(this.assigned, node.param, UNKNOWN);
      else if (isFunction(node)) this.noteParameters(node, reducers.get(node));
    }
  }

  private note(map: Map<string, Origin[]>, pattern: SyntaxNode | null, origin: Origin): void {
    const whole = pattern?.type === "Identifier";
    for (const name of namesOf(pattern)) {
      const origins = map.get(name) ?? [];
      origins.push(whole ? origin : UNKNOWN);
      map.set(name, origins);
    }
  }

  private noteDeclaration({ id, init }: SyntaxNode): void {
    if (init) this.note(this.assigned, id, init);
    else if (id.type !== "Identifier") this.note(this.assigned, id, UNKNOWN);
  }

  private noteAssignment({ left, operator, right }: SyntaxNode): void {
    if (!/^(?:\?\?|\|\||&&)?=$/.test(operator)) return;
    if (left.type === "MemberExpression") this.note(this.stored, left.object, right);
    else this.note(this.assigned, left, right);
    if (!left.type.endsWith("Pattern")) return;
    // The values that a swap moves around: [list[i], list[j]] = [list[j], list[i]].
    for (const target of nodesIn(left)) {
      if (target.type === "MemberExpression") this.note(this.stored, target.object, UNKNOWN);
    }
  }

  private noteLoop({ type, left, right }: SyntaxNode): void {
    const pattern = left.type === "VariableDeclaration" ? left.declarations[0].id : left;
    // The keys of a for-in loop are strings.
    this.note(this.assigned, pattern, type === "ForInStatement" ? KEY : { type: "ElementOf", container: right });
  }

  private noteCall(call: SyntaxNode, reducers: Map<SyntaxNode, SyntaxNode>): void {
    const called = methodOf(call);
    if (called === undefined) return;
    const [first, second] = call.arguments as SyntaxNode[];
    if (/^reduce(?:Right)?$/.test(called.method) && isFunction(first) && second) reducers.set(first, call);
    if (/^(?:push|unshift|splice|set|add|fill|with)$/.test(called.method)) {
      // The key of a Map is not what `get` gives.
      const values = called.method === "set" && second ? [second] : call.arguments;
      for (const value of values) this.note(this.stored, called.receiver, value);
    }
    if (/^(?:assign|define\w*|set\w*)$/.test(called.method) && first) this.note(this.stored, first, UNKNOWN);
  }

  /** Notes the origins of a function's parameters. The first one of a reducer is the start value, or the last result. */
  private noteParameters({ params }: SyntaxNode, reduce: SyntaxNode | undefined): void {
    for (const [index, param] of (params as SyntaxNode[]).entries()) {
      this.note(this.assigned, param, index === 0 && reduce !== undefined ? reduce : UNKNOWN);
    }
  }
}
