import { invalidOption } from "../../core/errors/errors.ts";

/** The option `uses` of a function, checked. @throws RUNLANE_INVALID_OPTION */
export function checkUses(uses: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof uses === "object" && uses !== null && !Array.isArray(uses)) return uses as Record<string, unknown>;
  throw invalidOption(where, "uses", "an object with what the function uses, by name", uses);
}
