import { Refusal } from "../refusal.ts";

/** The config that a LangServe path `/c/{hash}/` stands for: JSON, compressed by LZ-string. @throws Refusal 422 */
export async function readPathConfig(hash: string): Promise<unknown> {
  const { default: lz } = await import("lz-string");
  try {
    return JSON.parse(lz.decompressFromEncodedURIComponent(decodeURIComponent(hash)) ?? "");
  } catch {
    throw new Refusal(422, "The config in the path cannot be read: it has to be JSON that is compressed by LZ-string.");
  }
}
