import { connect, createServer, type Socket } from "node:net";

/** A way to a server that can be blocked: what is sent meanwhile is lost or late. */
export interface TcpProxy {
  readonly port: number;
  /** Ends all connections. */
  cut(): void;
  /** Lets nothing through, in either direction, as a network does that drops packets. */
  freeze(): void;
  thaw(): void;
  /** How late everything arrives, in milliseconds. */
  delayMs: number;
  /** Refuses new connections as long as it is set. */
  isClosed: boolean;
  stop(): Promise<void>;
}

/** Starts a proxy in front of a port of this machine. */
export async function startProxy(target: () => number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let isFrozen = false;
  const server = createServer((client) => {
    if (proxy.isClosed) {
      client.destroy();
      return;
    }
    const upstream = connect(target(), "127.0.0.1");
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      const pass = (bytes: Uint8Array): void => {
        if (!to.writable || to.write(bytes)) return;
        from.pause();
      };
      let late = 0;
      from.on("data", (bytes) => {
        // What comes later must not overtake what is late.
        if (proxy.delayMs === 0 && late === 0) return pass(bytes);
        late++;
        setTimeout(() => {
          late--;
          pass(bytes);
        }, proxy.delayMs);
      });
      from.on("drain", () => {
        if (!isFrozen) to.resume();
      });
      from.on("error", () => {});
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
      if (isFrozen) from.pause();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const proxy: TcpProxy = {
    port: (server.address() as { port: number }).port,
    isClosed: false,
    delayMs: 0,
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
    freeze: () => {
      isFrozen = true;
      for (const socket of sockets) socket.pause();
    },
    thaw: () => {
      isFrozen = false;
      for (const socket of sockets) socket.resume();
    },
    async stop() {
      proxy.cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}
