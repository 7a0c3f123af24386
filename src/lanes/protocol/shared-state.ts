/**
 * Where a thread is in its work: 32-bit integers in memory that it shares with the parent, so that the parent can look while the
 * thread is busy. Writing them costs a thread 10 ns per input; a message would cost 5 µs.
 */
export const STATE = {
  /** 1 while the function of an input is being called, 0 while the thread is idle or waits for promises. */
  running: 0,
  /** The chunk whose inputs started last. */
  chunk: 1,
  /** Its last input that started. */
  index: 2,
  /** Counts messages that a busy thread should look at between two inputs. */
  attention: 3,
  /** Counts the messages to the thread, so that it can sleep until the next one without its event loop. */
  sent: 4,
  /** 1 when the thread has disposed of its resources and ends. */
  ended: 5,
  /** 1 while the thread looks for the next message without sleeping. */
  spinning: 6,
  /** Counts the messages of the thread, so that the parent can wait for one without its event loop. */
  told: 7,
  /** Counts the messages that have reached the thread. */
  received: 8,
} as const;

/**
 * Behind them, slots for chunks whose functions have not all been called: a chunk id and how many of its inputs the thread has claimed.
 * The thread claims inputs before it starts them, and the parent takes back those that it has not, without either waiting for the other.
 */
export const CLAIMS = 10;
/** More than the chunks that a thread has ahead of it. */
export const CLAIM_SLOTS = 4;
export const INTEGERS = CLAIMS + CLAIM_SLOTS;

const TAKEN = 0xffff;

/** A claim as one integer. Ids come again after 32,768 chunks, long after the slot holds another one. */
export function claimOf(chunk: number, count: number): number {
  return ((chunk & 0x7fff) << 16) | count;
}

/** How many inputs a claim is for. */
export function countOf(claim: number): number {
  return claim & 0xffff;
}

/** What stands in a claim slot when the parent has taken back what was not claimed. */
export function revoked(chunk: number): number {
  return claimOf(chunk, TAKEN);
}

/** How often one side looks for a message of the other before it goes on or sleeps: for about 30 µs, which is what waking it takes. */
export const SPINS = 4000;

/** After the integers, of which there is an even number: when the input started, in milliseconds since the epoch, as a 64-bit float. */
export const SINCE_BYTE = 4 * INTEGERS;
export const STATE_BYTES = SINCE_BYTE + 8;
