import { deserialize, serialize } from "node:v8";
import { MessageChannel, receiveMessageOnPort, type TransferListItem } from "node:worker_threads";
import { pack, packError, unpack, unpackError } from "../../src/shipping/data/pack.ts";

interface Transport {
  readonly name: string;
  readonly shared: boolean;
  /** Sends a value there and gives what arrives. */
  send(value: unknown): any;
  /** The same for what was thrown. */
  throw(error: unknown): any;
}

function overPort(value: unknown, transfer: readonly unknown[] = []): unknown {
  const { port1, port2 } = new MessageChannel();
  try {
    port1.postMessage(value, transfer as TransferListItem[]);
    return receiveMessageOnPort(port2)?.message;
  } finally {
    port1.close();
  }
}

/** The two ways of lanes, within one thread. */
export const TRANSPORTS: readonly Transport[] = [
  {
    name: "threads",
    shared: true,
    send(value) {
      const packed = pack(value, "the step");
      return unpack(overPort(packed.value, packed.transfer));
    },
    throw: (error) => unpackError(overPort(packError(error))),
  },
  {
    name: "processes",
    shared: false,
    send(value) {
      const packed = pack(value, "the step", { shared: false });
      return unpack(deserialize(serialize(packed.value)));
    },
    throw: (error) => unpackError(deserialize(serialize(packError(error, { shared: false })))),
  },
];
