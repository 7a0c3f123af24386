import type { SyntaxNode } from "./parse.ts";

/** The names that a piece of source declares, inside those of the source around it. */
export class Scope {
  private readonly names: Set<string>;

  constructor(
    private readonly around: Scope | undefined,
    names: Iterable<string> = [],
  ) {
    this.names = new Set(names);
  }

  add(names: Iterable<string>): void {
    for (const name of names) this.names.add(name);
  }

  /** The nearest scope that declares a name. */
  find(name: string): Scope | undefined {
    return this.names.has(name) ? this : this.around?.find(name);
  }
}

/** The names that a pattern declares: an identifier, or a destructuring one with defaults and a rest. */
export function* namesOf(pattern: SyntaxNode | null): Iterable<string> {
  switch (pattern?.type) {
    case "Identifier":
      yield pattern.name;
      break;
    case "ObjectPattern":
      for (const property of pattern.properties) yield* namesOf(property.value ?? property.argument);
      break;
    case "ArrayPattern":
      for (const element of pattern.elements) yield* namesOf(element);
      break;
    case "AssignmentPattern":
      yield* namesOf(pattern.left);
      break;
    case "RestElement":
      yield* namesOf(pattern.argument);
      break;
  }
}

/** Declares what is visible in a whole function body: its own declarations, and each `var` in the blocks inside. */
export function declareFunctionBody(statements: readonly SyntaxNode[], scope: Scope): void {
  declareStatements(statements, scope);
  for (const statement of statements) scope.add(hoisted(statement));
}

/** The scope of a block, a loop, a switch or a catch. */
export function declareBlock(node: SyntaxNode, around: Scope): Scope {
  const scope = new Scope(around);
  if (node.type === "BlockStatement") declareStatements(node.body, scope);
  else if (node.type === "CatchClause") scope.add(namesOf(node.param));
  else if (node.type === "SwitchStatement")
    for (const { consequent } of node.cases) declareStatements(consequent, scope);
  else declareStatements([node.type === "ForStatement" ? node.init : node.left], scope);
  return scope;
}

/** Declares the `let`, `const`, `using`, class and function declarations among some statements. */
function declareStatements(statements: readonly (SyntaxNode | null)[], scope: Scope): void {
  for (const statement of statements) {
    let node = statement;
    while (node?.type === "LabeledStatement") node = node.body as SyntaxNode;
    if (node?.type === "VariableDeclaration" && node.kind !== "var") scope.add(declaredBy(node));
    else if (node?.type === "FunctionDeclaration" || node?.type === "ClassDeclaration") scope.add([node.id.name]);
  }
}

function* declaredBy(declaration: SyntaxNode): Iterable<string> {
  for (const { id } of declaration.declarations) yield* namesOf(id);
}

/** The names of all `var`s in a statement, those in functions inside left out. */
function* hoisted(node: SyntaxNode | null | undefined): Iterable<string> {
  if (!node) return;
  switch (node.type) {
    case "VariableDeclaration":
      if (node.kind === "var") yield* declaredBy(node);
      break;
    case "BlockStatement":
      for (const statement of node.body) yield* hoisted(statement);
      break;
    case "IfStatement":
      yield* hoisted(node.consequent);
      yield* hoisted(node.alternate);
      break;
    case "SwitchStatement":
      for (const { consequent } of node.cases) for (const statement of consequent) yield* hoisted(statement);
      break;
    case "TryStatement":
      yield* hoisted(node.block);
      yield* hoisted(node.handler?.body);
      yield* hoisted(node.finalizer);
      break;
    case "ForStatement":
    case "ForInStatement":
    case "ForOfStatement":
      yield* hoisted(node.init ?? node.left);
      yield* hoisted(node.body);
      break;
    case "WhileStatement":
    case "DoWhileStatement":
    case "LabeledStatement":
      yield* hoisted(node.body);
      break;
  }
}
