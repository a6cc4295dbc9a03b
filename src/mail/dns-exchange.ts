/** One question to one DNS server: over UDP, and over TCP when the answer was cut off (RFC 1035 §4.2, RFC 7766). */
import { createSocket } from "node:dgram";
import { connect, isIPv6 } from "node:net";

import type { DnsType } from "./dns-record.ts";
import { encodeQuestion, readReply } from "./dns-wire.ts";
import type { DnsQuestion, DnsReply } from "./dns-wire.ts";

export interface DnsServer {
  readonly address: string;
  readonly port: number;
}

/** Wrong datagrams before a question is given up: somebody is guessing ids. */
const MAX_STRANGERS = 64;

/**
 * Asks one server. Null when no fitting answer came in time.
 * The socket is new for each question, so the system picks a source port nobody can know (RFC 5452 §9.2), and it is connected, so
 * only datagrams of the asked server come in.
 */
export async function askServer<T extends DnsType>(
  server: DnsServer,
  question: DnsQuestion & { readonly type: T },
  timeout_ms: number,
  signal: AbortSignal,
): Promise<DnsReply<T> | null> {
  const reply = await overUdp(server, question, timeout_ms, signal);
  if (reply === null || !reply.truncated) return reply;
  return await overTcp(server, question, timeout_ms, signal);
}

function overUdp<T extends DnsType>(
  server: DnsServer,
  question: DnsQuestion & { readonly type: T },
  timeout_ms: number,
  signal: AbortSignal,
): Promise<DnsReply<T> | null> {
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(server.address) ? "udp6" : "udp4");
    let strangers = 0;
    let over = false;
    const end = (reply: DnsReply<T> | null): void => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      signal.removeEventListener("abort", giveUp);
      socket.close();
      resolve(reply);
    };
    const giveUp = (): void => end(null);
    const timer = setTimeout(giveUp, timeout_ms);
    signal.addEventListener("abort", giveUp);
    if (signal.aborted) return giveUp();
    socket.on("error", giveUp);
    socket.on("message", (bytes) => {
      const reply = readReply(bytes, question);
      if (reply !== null) end(reply);
      else if (++strangers >= MAX_STRANGERS) giveUp();
    });
    socket.connect(server.port, server.address, () => {
      if (!over) socket.send(encodeQuestion(question));
    });
  });
}

function overTcp<T extends DnsType>(
  server: DnsServer,
  question: DnsQuestion & { readonly type: T },
  timeout_ms: number,
  signal: AbortSignal,
): Promise<DnsReply<T> | null> {
  return new Promise((resolve) => {
    const socket = connect({ host: server.address, port: server.port });
    const chunks: Buffer[] = [];
    let length = 0;
    const end = (reply: DnsReply<T> | null): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", giveUp);
      socket.destroy();
      resolve(reply);
    };
    const giveUp = (): void => end(null);
    const timer = setTimeout(giveUp, timeout_ms);
    signal.addEventListener("abort", giveUp);
    socket.on("error", giveUp).on("end", giveUp).on("close", giveUp);
    socket.on("connect", () => {
      const bytes = encodeQuestion(question);
      const size = Buffer.alloc(2);
      size.writeUInt16BE(bytes.length);
      socket.write(Buffer.concat([size, bytes]));
    });
    socket.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length < 2) return;
      const all = Buffer.concat(chunks);
      const size = all.readUInt16BE(0);
      if (all.length >= size + 2) end(readReply(all.subarray(2, size + 2), question));
    });
  });
}
