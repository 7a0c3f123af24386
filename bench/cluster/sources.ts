/** Parts of the cluster lane that the package does not export, from `src/` as they stand there; their types are those of the build. */
const load = async (path: string): Promise<never> =>
  (await import(new URL(`../../src/cluster/${path}`, import.meta.url).href)) as never;

export const { ChunkSizer }: typeof import("../../.cache/types/cluster/producer/chunk-sizer.js") =
  await load("producer/chunk-sizer.ts");

export const { placeOf }: typeof import("../../.cache/types/cluster/brokers/embedded/place.js") =
  await load("brokers/embedded/place.ts");
