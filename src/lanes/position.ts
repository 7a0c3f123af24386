/**
 * Where a thread is in its work: 32-bit integers in memory that it shares with the parent, so that the parent can look while the
 * thread is busy. Writing them costs a thread 10 ns per input; a message would cost 5 µs.
 */
export const POSITION = {
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
} as const;

/** How many integers there are. */
export const POSITIONS = 6;

/** After the integers: when the input started, in milliseconds since the epoch, as a 64-bit float. */
export const SINCE_BYTE = 24;
export const POSITION_BYTES = 32;
