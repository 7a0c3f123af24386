/** A message of SQS, or a record of a stream of Kinesis or DynamoDB, as far as Runlane reads it. */
export interface QueueRecord {
  /** The service: `aws:sqs`, `aws:kinesis` or `aws:dynamodb`. */
  readonly eventSource: string;
  /** The ARN of the queue or stream. */
  readonly eventSourceARN?: string;
  /** The id of a message of SQS. */
  readonly messageId?: string;
  /** The text of a message of SQS. */
  readonly body?: string;
  /** The attributes of a message of SQS: its group is there. */
  readonly attributes?: { readonly MessageGroupId?: string };
  /** A record of Kinesis; `data` is base64. */
  readonly kinesis?: { readonly sequenceNumber: string; readonly partitionKey: string; readonly data: string };
  /** A record of DynamoDB. */
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

/** The name of a failed record in the answer. */
export function identifierOf({ messageId, kinesis, dynamodb }: QueueRecord): string {
  return kinesis?.sequenceNumber ?? dynamodb?.SequenceNumber ?? String(messageId);
}

/** The key whose records must run in their order; undefined when the order does not matter. */
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
