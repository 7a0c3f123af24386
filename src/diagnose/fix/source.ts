import { readFileSync } from "node:fs";
import type MagicString from "magic-string";
import { missingPackage } from "../../core/optional-package.ts";
import type { SyntaxNode } from "../../shipping/functions/parse.ts";
import { childrenOf, nodesIn } from "../../shipping/functions/walk-syntax.ts";
import { Refusal } from "./change.ts";

/** Nodes of TypeScript, and parentheses, that stand around an expression and change nothing of its value. */
const AROUND = /^(?:TS(?:As|Satisfies|NonNull)Expression|ParenthesizedExpression)$/;

/** The source of a module as it is written, JavaScript or TypeScript: its syntax, and a text in which parts can be replaced. */
export class Source {
  private readonly parents = new Map<SyntaxNode, SyntaxNode>();
  /** Imports that have been written, each as its name and its module. */
  private readonly added = new Set<string>();

  private constructor(
    readonly path: string,
    readonly text: string,
    readonly program: SyntaxNode,
    readonly edits: MagicString,
  ) {
    for (const node of nodesIn(program)) for (const child of childrenOf(node)) this.parents.set(child, node);
  }

  /**
   * Reads a module. This is the one place that loads the parser of TypeScript and the editor.
   *
   * @throws RUNLANE_MISSING_PACKAGE; Refusal when it cannot be parsed
   */
  static async open(path: string): Promise<Source> {
    const where = "runlane doctor --fix";
    const { parseSync } = await import("oxc-parser").catch(missingPackage(where, "oxc-parser"));
    const { default: Editor } = await import("magic-string").catch(missingPackage(where, "magic-string"));
    const text = readFileSync(path, "utf8");
    const { program, errors } = parseSync(path, text);
    if (errors.length > 0) throw new Refusal(`${path} cannot be parsed: ${errors[0]!.message}`);
    return new Source(path, text, program as unknown as SyntaxNode, new Editor(text));
  }

  get isTypeScript(): boolean {
    return /\.[cm]?tsx?$/.test(this.path);
  }

  /** The end of a line there. */
  get eol(): string {
    return this.text.includes("\r\n") ? "\r\n" : "\n";
  }

  textOf({ start, end }: SyntaxNode): string {
    return this.text.slice(start, end);
  }

  parentOf(node: SyntaxNode): SyntaxNode | undefined {
    return this.parents.get(node);
  }

  /** The largest expression that has the value of this one: with the parentheses and types around it. */
  outermost(node: SyntaxNode): SyntaxNode {
    const parent = this.parentOf(node);
    return parent !== undefined && AROUND.test(parent.type) ? this.outermost(parent) : node;
  }

  /** The expression inside parentheses and types. */
  innermost(node: SyntaxNode): SyntaxNode {
    return AROUND.test(node.type) ? this.innermost(node.expression) : node;
  }

  /** The offset of a place: its line counts from 1, its column from 0. */
  offsetOf(line: number, column: number): number {
    let offset = 0;
    for (let at = 1; at < line; at++) {
      offset = this.text.indexOf("\n", offset) + 1;
      if (offset === 0) return -1;
    }
    return offset + column;
  }

  /** Where a variable of the module is used, its declaration and its exports left out. */
  usesOf(name: string): SyntaxNode[] {
    return [...nodesIn(this.program)].filter(
      (node) => node.type === "Identifier" && node.name === name && this.isUse(node),
    );
  }

  private isUse(node: SyntaxNode): boolean {
    const parent = this.parentOf(node);
    if (parent === undefined) return false;
    if (parent.type === "MemberExpression" && parent.property === node) return parent.computed;
    if (parent.type === "Property" && parent.key === node && parent.value !== node) return parent.computed;
    return !/^(?:Import|Export).*Specifier$|^TS/.test(parent.type) && parent.id !== node;
  }

  /** The import that a name comes from. */
  importOf(name: string): { declaration: SyntaxNode; specifier: SyntaxNode } | undefined {
    for (const declaration of this.program.body as SyntaxNode[]) {
      if (declaration.type !== "ImportDeclaration") continue;
      const specifier = (declaration.specifiers as SyntaxNode[]).find(({ local }) => local.name === name);
      if (specifier !== undefined) return { declaration, specifier };
    }
    return undefined;
  }

  /** Has a name imported from a module. @throws Refusal when the name means something else there */
  addImport(name: string, from: string): void {
    const known = this.importOf(name);
    if (known !== undefined) {
      if (known.declaration.source.value === from && known.declaration.importKind !== "type") return;
      throw new Refusal(`${name} comes from ${known.declaration.source.value} there`);
    }
    if (/\.c[jt]s$/.test(this.path)) throw new Refusal(`it needs ${name}, and a CommonJS module has no imports`);
    if (this.usesOf(name).length > 0) throw new Refusal(`${name} means something else there`);
    if (this.added.has(`${name} ${from}`)) return;
    this.added.add(`${name} ${from}`);
    const imports = (this.program.body as SyntaxNode[]).filter(({ type }) => type === "ImportDeclaration");
    const same = imports.find(
      ({ source, importKind, specifiers }) =>
        source.value === from && importKind !== "type" && specifiers.at(-1)?.type === "ImportSpecifier",
    );
    if (same !== undefined) this.edits.appendLeft(same.specifiers.at(-1).end, `, ${name}`);
    else if (imports.length > 0) this.edits.appendLeft(imports.at(-1)!.end, this.eol + importText(name, from));
    else this.edits.prepend(importText(name, from) + this.eol);
  }

  /** Imports another name in the place of one that nothing uses any more. */
  replaceImport(old: string, name: string, from: string): void {
    const known = this.importOf(old);
    if (known === undefined || this.importOf(name) !== undefined || this.added.has(`${name} ${from}`)) {
      this.addImport(name, from);
      return;
    }
    if (this.usesOf(name).length > 0) throw new Refusal(`${name} means something else there`);
    const { declaration, specifier } = known;
    const specifiers = declaration.specifiers as SyntaxNode[];
    const [before, after] = [
      specifiers[specifiers.indexOf(specifier) - 1],
      specifiers[specifiers.indexOf(specifier) + 1],
    ];
    const isSame = declaration.source.value.replace(/^node:/, "") === from.replace(/^node:/, "");
    if (isSame && specifier.type === "ImportSpecifier") this.edits.overwrite(specifier.start, specifier.end, name);
    else if (after !== undefined) this.edits.remove(specifier.start, after.start);
    else if (before !== undefined) this.edits.remove(before.end, specifier.end);
    else this.edits.overwrite(declaration.start, declaration.end, importText(name, from));
    if (isSame || specifiers.length === 1) this.added.add(`${name} ${from}`);
    else this.addImport(name, from);
  }
}

function importText(name: string, from: string): string {
  return `import { ${name} } from ${JSON.stringify(from)};`;
}
