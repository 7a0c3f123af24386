/**
 * Where a thread is in its work: 32-bit integers in memory that it shares with the parent, so that the parent can look while the
 * thread is busy. Writing them costs a thread 10 ns per input; a message would cost 5 µs.
 */
export const STATE = {
  /** 1 while the function of an input is being called, 0 while the thread is idle or waits for promises. */
  running: 0,
  /** The chunk whose inputs started last. */
  chunk: 1,
  /** The last input of that chunk that started. */
  index: 2,
  /** Counts messages that a busy thread should look at between two inputs. */
  attention: 3,
  /** Counts the messages to the thread, so that it can sleep until the next one without its event loop. */
  sent: 4,
  /** 1 when the thread has disposed of its resources and ends. */
  ended: 5,
  /** 1 while the thread looks for the next message without sleeping. */
  spinning: 6,
  /** Counts the messages from the thread, so that the parent can wait for one without its event loop. */
  told: 7,
  /** Counts the messages that have reached the thread. */
  received: 8,
} as const;

/**
 * Behind them, claim slots: one for each chunk that a thread has ahead of it. A slot is one integer, the id of the chunk and how many of its
 * inputs the thread has claimed, so that one atomic operation changes both. Who may claim when:
 *
 * 1. Before it sends a chunk, the parent writes the id with a count of 0. The slot is free then: a thread has fewer chunks that it has not
 *    finished starting than there are slots.
 * 2. Before it starts an input, the thread exchanges "id, n" for "id, n + 1". If that succeeds, the input is the thread's: it runs it, and
 *    nobody else does.
 * 3. To take back what has not been started, the parent reads the count n and exchanges "id, n" for "id, taken". If that succeeds, inputs
 *    from n on are the parent's again. If it fails, the thread has claimed more meanwhile, and the parent leaves the rest to it.
 * 4. The exchange of the thread fails once the parent has taken the rest: the chunk ends there for the thread.
 *
 * Neither waits for the other, and an input is never run twice for it.
 */
export const CLAIMS = 10;
/** The number of claim slots: more than the chunks that a thread has ahead of it. */
export const CLAIM_SLOTS = 4;
export const INTEGERS = CLAIMS + CLAIM_SLOTS;

const TAKEN = 0xffff;

/** A claim as one integer. Ids come again after 32,768 chunks, long after the slot holds another one. */
export function claimOf(chunk: number, count: number): number {
  return ((chunk & 0x7fff) << 16) | count;
}

/** The number of inputs that a claim is for. */
export function countOf(claim: number): number {
  return claim & 0xffff;
}

/** The value of a claim slot when the parent has taken back the inputs that were not claimed. */
export function revoked(chunk: number): number {
  return claimOf(chunk, TAKEN);
}

/** The number of looks at the other side's counter before a side goes on or sleeps: about 30 µs, which is what waking it takes. */
export const SPINS = 4000;

/** The place of the time when the input started, behind the integers: a 64-bit float, in milliseconds since the epoch. */
export const SINCE_BYTE = 4 * INTEGERS;
export const STATE_BYTES = SINCE_BYTE + 8;
