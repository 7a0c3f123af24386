import { Declaration, type ResourceLoader, type ResourceOptions } from "./declaration.ts";
import { ResourceSlot } from "./slot.ts";

/** The resources of this thread, by name. */
const slots = new Map<string, ResourceSlot>();

/** The slot of a resource, new or known. @throws RUNLANE_INVALID_OPTION, RUNLANE_RESOURCE_CONFLICT */
export function declare(name: string, load: ResourceLoader<unknown>, options: ResourceOptions): ResourceSlot {
  return put(new Declaration(name, load, options));
}

function put(declaration: Declaration): ResourceSlot {
  const { name } = declaration;
  const known = slots.get(name);
  if (known !== undefined) {
    known.declare(declaration);
    return known;
  }
  const slot = new ResourceSlot(declaration);
  slots.set(name, slot);
  return slot;
}

/** The resources that the parent of this worker has sent, by the parent's numbers. */
const shipped = new Map<number, ResourceSlot>();

/** The slot of a resource that came from the parent, which may send it with several steps. */
export function declareShipped(
  id: number,
  name: string,
  load: ResourceLoader<unknown>,
  options: ResourceOptions,
): ResourceSlot {
  let slot = shipped.get(id);
  if (slot === undefined) {
    slot = declare(name, load, options);
    shipped.set(id, slot);
  }
  return slot;
}

/** The slot of a resource whose value came from the parent. */
export function giveShared(name: string, value: unknown, options: ResourceOptions): ResourceSlot {
  const declaration = new Declaration(name, () => value, options);
  let slot = slots.get(name);
  if (slot === undefined) {
    slot = new ResourceSlot(declaration);
    slots.set(name, slot);
  }
  slot.give(declaration, value);
  return slot;
}
