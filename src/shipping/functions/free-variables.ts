import type { SyntaxNode } from "./parse.ts";
import { declareBlock, declareFunctionBody, namesOf, Scope } from "./syntax-scope.ts";
import { childrenOf } from "./walk-syntax.ts";

/** A function's needs from around it, as its source tells. */
export interface SourceFacts {
  /** The names that it uses and does not declare, with the nodes that use them. */
  readonly free: ReadonlyMap<string, readonly FreeUse[]>;
  /** Uses of the `this`, `super` and `new.target` of the function itself. */
  readonly receivers: readonly SyntaxNode[];
  /** Dynamic imports, and uses of `import.meta`. */
  readonly imports: readonly SyntaxNode[];
  /** Direct calls of `eval`. */
  readonly evals: readonly SyntaxNode[];
  /** Whether the function uses itself by the name that its own source gives it. */
  readonly usesItself: boolean;
  /** Whether the function assigns to a variable from around it, to itself, or to a property of those. */
  readonly writesOutside: boolean;
}

/** One use of a free name. */
export interface FreeUse {
  readonly node: SyntaxNode;
  /** Whether the use is `typeof name`, which does not throw for a name that nobody declared. */
  readonly isTypeof: boolean;
}

/** Finds out what the source of a function needs from around it. */
export function analyse(root: SyntaxNode): SourceFacts {
  const free = new Map<string, FreeUse[]>();
  const facts = { free, receivers: [] as SyntaxNode[], imports: [] as SyntaxNode[], evals: [] as SyntaxNode[] };
  const outside = new Scope(undefined);
  let usesItself = false;
  let writesOutside = false;
  /** The scope of the root function's own name. */
  let ownName: Scope | undefined;

  function use(node: SyntaxNode, scope: Scope, isTypeof = false): void {
    const declared = scope.find(node.name);
    if (declared === undefined) {
      const uses = free.get(node.name);
      if (uses === undefined) free.set(node.name, [{ node, isTypeof }]);
      else uses.push({ node, isTypeof });
    } else if (declared === ownName) usesItself = true;
  }

  function visitFunction(node: SyntaxNode, around: Scope, own: boolean): void {
    const isArrow = node.type === "ArrowFunctionExpression";
    let scope = around;
    if (node.type === "FunctionExpression" && node.id) {
      scope = new Scope(scope, [node.id.name]);
      if (node === root) ownName = scope;
    }
    // Default values of parameters see the parameters, not what the body declares.
    const parameters = new Scope(scope, isArrow ? [] : ["arguments"]);
    for (const parameter of node.params) parameters.add(namesOf(parameter));
    const isOwn = node === root || (own && isArrow);
    for (const parameter of node.params) visit(parameter, parameters, isOwn);
    if (node.body.type !== "BlockStatement") {
      visit(node.body, parameters, isOwn);
      return;
    }
    const body = new Scope(parameters);
    declareFunctionBody(node.body.body, body);
    visitAll(node.body.body, body, isOwn);
  }

  function visitClass(node: SyntaxNode, around: Scope, own: boolean): void {
    const scope = new Scope(around, node.id ? [node.id.name] : []);
    visitAll([...(node.decorators ?? []), node.superClass], scope, own);
    for (const member of node.body.body as SyntaxNode[]) {
      if (member.type === "StaticBlock") {
        const block = new Scope(scope);
        declareFunctionBody(member.body, block);
        visitAll(member.body, block, false);
        continue;
      }
      visitAll(member.decorators ?? [], scope, own);
      if (member.computed) visit(member.key, scope, own);
      visit(member.value, scope, false);
    }
  }

  /** Statements and expressions that open a scope, or whose identifiers are not all variables. */
  function visit(node: SyntaxNode | null | undefined, scope: Scope, own: boolean): void {
    if (!node) return;
    switch (node.type) {
      case "Identifier":
        use(node, scope);
        return;
      case "FunctionDeclaration":
      case "FunctionExpression":
      case "ArrowFunctionExpression":
        visitFunction(node, scope, own);
        return;
      case "ClassDeclaration":
      case "ClassExpression":
        visitClass(node, scope, own);
        return;
      case "ThisExpression":
      case "Super":
        if (own) facts.receivers.push(node);
        return;
      case "MetaProperty":
        if (node.meta.name === "import") facts.imports.push(node);
        else if (own) facts.receivers.push(node);
        return;
      case "ImportExpression":
        facts.imports.push(node);
        break;
      case "MemberExpression":
        visit(node.object, scope, own);
        if (node.computed) visit(node.property, scope, own);
        return;
      case "Property":
        if (node.computed) visit(node.key, scope, own);
        visit(node.value, scope, own);
        return;
      case "LabeledStatement":
        visit(node.body, scope, own);
        return;
      case "BreakStatement":
      case "ContinueStatement":
        return;
      case "UnaryExpression":
        if (node.operator === "typeof" && node.argument.type === "Identifier") {
          use(node.argument, scope, true);
          return;
        }
        if (node.operator === "delete") noteWrite(node.argument, scope);
        break;
      case "AssignmentExpression":
        noteWrite(node.left, scope);
        break;
      case "UpdateExpression":
        noteWrite(node.argument, scope);
        break;
      case "CallExpression":
        if (node.callee.type === "Identifier" && node.callee.name === "eval") facts.evals.push(node);
        break;
      case "SwitchStatement":
        visit(node.discriminant, scope, own);
        visitAll(node.cases, declareBlock(node, scope), own);
        return;
      case "BlockStatement":
      case "ForStatement":
      case "ForInStatement":
      case "ForOfStatement":
      case "CatchClause":
        visitChildren(node, declareBlock(node, scope), own);
        return;
    }
    visitChildren(node, scope, own);
  }

  /** Notes an assignment to something that the function did not declare, or to its property, for example `Math.cache = {}`. */
  function noteWrite(target: SyntaxNode, scope: Scope): void {
    let holder = target;
    while (holder.type === "MemberExpression") holder = holder.object;
    if (holder.type !== "Identifier") return;
    const declared = scope.find(holder.name);
    if (declared === undefined || declared === ownName) writesOutside = true;
  }

  function visitAll(nodes: readonly (SyntaxNode | null)[], scope: Scope, own: boolean): void {
    for (const node of nodes) visit(node, scope, own);
  }

  function visitChildren(node: SyntaxNode, scope: Scope, own: boolean): void {
    for (const child of childrenOf(node)) visit(child, scope, own);
  }

  visit(root, outside, true);
  return { ...facts, free: inOrder(free), usesItself, writesOutside };
}

/** Sorts uses as they stand in the source, since parsers order the parts of a node as they like. */
function inOrder(free: ReadonlyMap<string, FreeUse[]>): Map<string, readonly FreeUse[]> {
  const start = (uses: readonly FreeUse[]): number => (uses[0] as FreeUse).node.start;
  for (const uses of free.values()) uses.sort((one, other) => one.node.start - other.node.start);
  return new Map([...free].sort(([, one], [, other]) => start(one) - start(other)));
}
