/** A DNS server on loopback for tests: answers from a table over UDP and TCP, and misbehaves on demand. */
import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import * as packets from "dns-packet";
import type { Answer, DecodedPacket, RecordType } from "dns-packet";

/**
 * What happens in place of an honest answer. `bogus` is what a validating resolver says of forged data: SERVFAIL.
 * `forged` sends first an answer with a wrong id and then one about another name, both naming 192.0.2.66, before the honest one.
 * `truncated` cuts off the UDP answer only.
 */
export type DnsFault = "servfail" | "bogus" | "timeout" | "truncated" | "forged" | "refused";

/** Records of one name by type, as dns-packet takes their data. An empty name exists without records. */
export type ZoneEntry = Partial<Record<RecordType, readonly unknown[]>>;

export interface DnsServerForTests {
  /** `127.0.0.1:port`. */
  readonly address: string;
  /** Every question seen, `TYPE name tcp|udp`. */
  readonly questions: readonly string[];
  /** Sets or replaces a name. */
  put(name: string, entry: ZoneEntry): void;
  remove(name: string): void;
  /** Names whose answers carry the AD bit, with everything below them; also for what does not exist. */
  sign(name: string): void;
  /** For one type of a name, or for all. */
  fault(name: string, fault: DnsFault, type?: RecordType): void;
  heal(): void;
  close(): Promise<void>;
}

export interface DnsServerOptions {
  /** Seconds of each record; default 300. */
  readonly ttl?: number;
  /** The SOA minimum of negative answers, seconds; default 60. Null leaves the SOA out. */
  readonly negative_ttl?: number | null;
}

/** Starts the server on one free port for UDP and TCP. */
export async function startDns(
  zone: Readonly<Record<string, ZoneEntry>>,
  options: DnsServerOptions = {},
): Promise<DnsServerForTests> {
  const names = new Map(Object.entries(zone).map(([name, entry]) => [name.toLowerCase(), entry]));
  const signed = new Set<string>();
  const faults = new Map<string, DnsFault>();
  const questions: string[] = [];
  const sockets = new Set<Socket>();

  function answer(bytes: Buffer, transport: "udp" | "tcp"): Buffer[] {
    const query = packets.decode(bytes);
    const { name, type } = query.questions![0]!;
    questions.push(`${type} ${name.toLowerCase()} ${transport}`);
    const key = name.toLowerCase();
    const fault = faults.get(`${key} ${type}`) ?? faults.get(`${key} *`);
    if (fault === "timeout") return [];
    if (fault === "servfail" || fault === "bogus") return [reply(query, 2, [], [])];
    if (fault === "refused") return [reply(query, 5, [], [])];
    if (fault === "truncated" && transport === "udp")
      return [reply(query, packets.TRUNCATED_RESPONSE, [], [])];
    const honest = lookUp(query, key, type);
    return fault === "forged" ? [...forgeries(query), honest] : [honest];
  }

  function lookUp(query: DecodedPacket, key: string, type: RecordType): Buffer {
    const answers: Answer[] = [];
    let at = key;
    for (let i = 0; i < 12; i++) {
      const entry = names.get(at);
      const alias = type === "CNAME" ? undefined : entry?.CNAME?.[0];
      const found = entry?.[alias === undefined ? type : "CNAME"] ?? [];
      for (const data of found)
        answers.push(record(at, alias === undefined ? type : "CNAME", data));
      if (alias === undefined) break;
      at = (alias as string).toLowerCase();
    }
    const empty = !answers.some((one) => one.type === type);
    const exists = names.has(at) || [...names.keys()].some((name) => name.endsWith(`.${at}`));
    const flags = [...signed].some((zone) => [key, at].every((name) => isWithin(name, zone)))
      ? packets.AUTHENTIC_DATA
      : 0;
    return reply(query, flags | (empty && !exists ? 3 : 0), answers, empty ? soa() : []);
  }

  function record(name: string, type: RecordType, data: unknown): Answer {
    return { name, type, class: "IN", ttl: options.ttl ?? 300, data } as Answer;
  }

  function soa(): Answer[] {
    if (options.negative_ttl === null) return [];
    const minimum = options.negative_ttl ?? 60;
    const data = { mname: "ns.test", rname: "root.test", minimum };
    return [{ name: "test", type: "SOA", class: "IN", ttl: minimum, data }];
  }

  const udp = createSocket("udp4");
  const tcp = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => socket.destroy());
    socket.on("data", (chunk: Buffer) => {
      for (const one of answer(chunk.subarray(2), "tcp")) {
        const size = Buffer.alloc(2);
        size.writeUInt16BE(one.length);
        // In two pieces, as a network may cut it.
        socket.write(size);
        socket.write(one);
      }
    });
  });
  udp.on("message", (bytes, peer) => {
    for (const one of answer(bytes, "udp")) udp.send(one, peer.port, peer.address);
  });
  const port = await listen(udp, tcp);

  return {
    address: `127.0.0.1:${port}`,
    questions,
    put: (name, entry) => void names.set(name.toLowerCase(), entry),
    remove: (name) => void names.delete(name.toLowerCase()),
    sign: (name) => void signed.add(name.toLowerCase()),
    fault: (name, fault, type) => void faults.set(`${name.toLowerCase()} ${type ?? "*"}`, fault),
    heal: () => faults.clear(),
    async close() {
      for (const socket of sockets) socket.destroy();
      await Promise.all([
        new Promise<void>((resolve) => udp.close(() => resolve())),
        new Promise((resolve) => tcp.close(resolve)),
      ]);
    },
  };
}

/** One port that is free for both. */
async function listen(
  udp: ReturnType<typeof createSocket>,
  tcp: ReturnType<typeof createServer>,
): Promise<number> {
  for (;;) {
    await new Promise<void>((resolve) => tcp.listen(0, "127.0.0.1", resolve));
    const { port } = tcp.address() as AddressInfo;
    const bound = await new Promise<boolean>((resolve) => {
      udp.once("error", () => resolve(false));
      udp.bind(port, "127.0.0.1", () => resolve(true));
    });
    if (bound) return port;
    await new Promise((resolve) => tcp.close(resolve));
  }
}

function isWithin(name: string, zone: string): boolean {
  return name === zone || name.endsWith(`.${zone}`) || zone === ".";
}

function reply(
  query: DecodedPacket,
  flags: number,
  answers: Answer[],
  authorities: Answer[],
): Buffer {
  return packets.encode({
    type: "response",
    id: query.id!,
    flags: flags | packets.RECURSION_DESIRED | packets.RECURSION_AVAILABLE,
    questions: query.questions!,
    answers,
    authorities,
  });
}

/** What an attacker off the path would send. */
function forgeries(query: DecodedPacket): Buffer[] {
  const [question] = query.questions!;
  const lie: Answer = {
    name: question!.name,
    type: "A",
    class: "IN",
    ttl: 300,
    data: "192.0.2.66",
  };
  const other = { ...query, questions: [{ ...question!, name: "other.test" }] };
  return [
    reply({ ...query, id: (query.id! + 1) % 65_536 }, 0, [lie], []),
    reply(other, 0, [lie], []),
    Buffer.from("nonsense"),
  ];
}
