/**
 * Selects the events to report. Without an `include…` list all are; with some, those that any of them names; never those that an `exclude…`
 * list names.
 */
export interface EventFilter {
  /** Names of runs. */
  includeNames?: string[];
  /** Kinds of runs: `chain`, `chat_model`, `llm`, `tool`, `retriever`, `prompt`. */
  includeTypes?: string[];
  /** Tags of runs. */
  includeTags?: string[];
  /** Names of runs that are not wanted. */
  excludeNames?: string[];
  /** Kinds of runs that are not wanted. */
  excludeTypes?: string[];
  /** Tags of runs that are not wanted. */
  excludeTags?: string[];
  /** Names of events that are not wanted, for example `on_chain_error`, which LangChain does not have. */
  excludeEvents?: string[];
  /** Whether events of version 2 have the ids of the runs around theirs, as `parent_ids`. LangChain.js has no such field. @default false */
  includeParentIds?: boolean;
}

/** Whether a filter lets the events of a run through. */
export function isWanted(
  filter: EventFilter,
  { name, type, tags, event }: { name: string; type: string; tags: readonly string[]; event?: string },
): boolean {
  const { includeNames, includeTypes, includeTags } = filter;
  const all = includeNames === undefined && includeTypes === undefined && includeTags === undefined;
  const included =
    all ||
    includeNames?.includes(name) === true ||
    includeTypes?.includes(type) === true ||
    includeTags?.some((tag) => tags.includes(tag)) === true;
  return (
    included &&
    filter.excludeNames?.includes(name) !== true &&
    filter.excludeTypes?.includes(type) !== true &&
    filter.excludeTags?.some((tag) => tags.includes(tag)) !== true &&
    (event === undefined || filter.excludeEvents?.includes(event) !== true)
  );
}
