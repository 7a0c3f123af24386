import type { SyntaxNode } from "../../shipping/functions/parse.ts";
import { Refusal } from "./change.ts";
import type { Source } from "./source.ts";

/** Has a module load what its pipeline uses, before anybody can call it: `await pipeline.warm();`. */
export function warmAtLoad(source: Source, exportName: string): void {
  const statements = source.program.body as SyntaxNode[];
  // `export { pipeline }`, `export { pipeline as default }`
  for (const statement of statements) {
    const specifier = (statement.source ? [] : ((statement.specifiers ?? []) as SyntaxNode[])).find(
      ({ exported }) => exported?.name === exportName,
    );
    if (specifier === undefined) continue;
    source.edits.appendLeft(statement.start, `await ${specifier.local.name}.warm();${source.eol}`);
    return;
  }
  if (exportName !== "default") {
    const declared = statements.find(
      ({ type, declaration }) =>
        type === "ExportNamedDeclaration" &&
        declaration?.type === "VariableDeclaration" &&
        (declaration.declarations as SyntaxNode[]).some(({ id }) => id.name === exportName),
    );
    if (declared === undefined) throw new Refusal(`its export ${exportName} is not declared there`);
    source.edits.appendLeft(declared.end, `${source.eol}await ${exportName}.warm();`);
    return;
  }
  const exported = statements.find(({ type }) => type === "ExportDefaultDeclaration");
  const value = exported?.declaration as SyntaxNode | undefined;
  if (exported === undefined || value === undefined || /^(?:Function|Class)/.test(value.type))
    throw new Refusal("its default export is not written there");
  if (value.type === "Identifier") {
    source.edits.appendLeft(exported.start, `await ${value.name}.warm();${source.eol}`);
    return;
  }
  if (source.usesOf("pipeline").length > 0 || source.importOf("pipeline") !== undefined)
    throw new Refusal("the name `pipeline` is taken there");
  source.edits.overwrite(exported.start, value.start, "const pipeline = ");
  source.edits.appendLeft(exported.end, `${source.eol}await pipeline.warm();${source.eol}export default pipeline;`);
}
