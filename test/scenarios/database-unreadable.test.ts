/** What the driver cannot read ends a connection, never the process. */
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { openDatabase } from "../../src/store/database.ts";

test("an answer that the driver cannot read fails its statement and is thrown nowhere else", async () => {
  // Each connection is greeted with a way of authentication (99) that no driver knows: reading it throws in a listener.
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => socket.write(Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 99])));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const stray: unknown[] = [];
  const listeners = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  process.on("uncaughtException", (error) => stray.push(error));
  onTestFinished(() => {
    process.removeAllListeners("uncaughtException");
    for (const listener of listeners) process.on("uncaughtException", listener);
  });
  const { port } = server.address() as AddressInfo;
  const database = openDatabase(
    {
      host: "127.0.0.1",
      port,
      user: "x",
      database: "x",
      ssl: false,
      connectionTimeoutMillis: 2000,
    },
    { warn: () => undefined },
  );
  await expect(database.as("A", (tx) => tx.named("one", "SELECT 1", []))).rejects.toThrow(
    /authentication/i,
  );
  await database.close();
  expect(stray).toEqual([]);
});
