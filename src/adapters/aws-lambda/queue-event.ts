/** A message of SQS, or a record of a stream of Kinesis or DynamoDB, as far as Runlane reads it. */
export interface QueueRecord {
  readonly eventSource: string;
  readonly eventSourceARN?: string;
  /** SQS. */
  readonly messageId?: string;
  readonly body?: string;
  readonly attributes?: { readonly MessageGroupId?: string };
  /** Kinesis; `data` is base64. */
  readonly kinesis?: { readonly sequenceNumber: string; readonly partitionKey: string; readonly data: string };
  /** DynamoDB. */
  readonly dynamodb?: { readonly SequenceNumber: string; readonly Keys?: object };
}

/** The records of one call. */
export interface QueueEvent {
  readonly Records: readonly QueueRecord[];
}

const SOURCES = new Set(["aws:sqs", "aws:kinesis", "aws:dynamodb"]);

/** Whether an event is a batch of records. */
export function isQueueEvent(event: unknown): event is QueueEvent {
  const { Records } = (event ?? {}) as { Records?: unknown };
  return Array.isArray(Records) && Records.length > 0 && SOURCES.has(Records[0]?.eventSource);
}

/** Whether a failed record holds up all that come after it. */
export function isStream({ eventSource }: QueueRecord): boolean {
  return eventSource !== "aws:sqs";
}

/** What a failed record is called in the answer. */
export function identifierOf({ messageId, kinesis, dynamodb }: QueueRecord): string {
  return kinesis?.sequenceNumber ?? dynamodb?.SequenceNumber ?? String(messageId);
}

/** Records with one key must be run in their order; undefined when the order says nothing. */
export function orderKeyOf({ kinesis, dynamodb, attributes }: QueueRecord): string | undefined {
  if (kinesis !== undefined) return kinesis.partitionKey;
  if (dynamodb !== undefined) return JSON.stringify(dynamodb.Keys ?? null);
  return attributes?.MessageGroupId;
}

/** The input in a record: JSON parsed, other text as it is. A record of DynamoDB is the input itself. */
export function inputOfRecord(record: QueueRecord): unknown {
  const { kinesis, dynamodb, body } = record;
  if (dynamodb !== undefined) return record;
  const text = kinesis === undefined ? (body ?? "") : Buffer.from(kinesis.data, "base64").toString("utf8");
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
