/** DNS messages: what is asked, and that no octets make the reader throw or believe another question's answer. */
import * as packets from "dns-packet";
import type { Answer, OptAnswer, Packet } from "dns-packet";
import fc from "fast-check";
import { expect, test } from "vitest";

import { encodeQuestion, readReply } from "./dns-wire.ts";

const question = { id: 4711, name: "b.test", type: "A" } as const;

function answer(change: Partial<Packet> = {}, ...answers: Answer[]): Buffer {
  return packets.encode({
    type: "response",
    id: 4711,
    flags: 0,
    questions: [{ type: "A", name: "b.test", class: "IN" }],
    answers,
    ...change,
  });
}

const a: Answer = { type: "A", name: "B.test", class: "IN", ttl: 60, data: "192.0.2.1" };

test("a question wants recursion, DNSSEC and the AD bit, in one small datagram", () => {
  const asked = packets.decode(encodeQuestion(question));
  expect(asked).toMatchObject({
    id: 4711,
    flag_rd: true,
    flag_ad: true,
    flag_cd: false,
    questions: [{ name: "b.test", type: "A", class: "IN" }],
    additionals: [{ type: "OPT", flag_do: true, udpPayloadSize: 1232 }],
  });
});

test("the answer to our question is read, whatever the case of its names", () => {
  expect(readReply(answer({}, a), question)).toMatchObject({
    code: "ok",
    records: ["192.0.2.1"],
    ttl: 60,
    authentic: false,
  });
});

test.each<[string, Buffer]>([
  ["a question", answer({ type: "query" }, a)],
  ["another id", answer({ id: 4712 }, a)],
  ["another name", answer({ questions: [{ type: "A", name: "c.test", class: "IN" }] }, a)],
  ["another type", answer({ questions: [{ type: "AAAA", name: "b.test", class: "IN" }] }, a)],
  ["another class", answer({ questions: [{ type: "A", name: "b.test", class: "CH" }] }, a)],
  ["no question", answer({ questions: [] }, a)],
  ["nothing", Buffer.alloc(0)],
  ["half of it", answer({}, a).subarray(0, 30)],
])("%s is nobody's answer", (_, bytes) => {
  expect(readReply(bytes, question)).toBeNull();
});

test("records of other names are not ours, and an extended error is an error", () => {
  const reply = readReply(answer({}, { ...a, name: "evil.test" }), question);
  expect(reply).toMatchObject({ code: "ok", records: [] });
  const opt: OptAnswer = {
    type: "OPT",
    name: ".",
    udpPayloadSize: 1232,
    extendedRcode: 1,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  };
  expect(readReply(answer({ additionals: [opt] }, a), question)).toMatchObject({
    code: "servfail",
    records: [],
  });
});

test("an alias is followed, and its time counts", () => {
  const alias: Answer = { type: "CNAME", name: "b.test", class: "IN", ttl: 5, data: "C.test" };
  expect(readReply(answer({}, { ...a, name: "c.test" }, alias), question)).toMatchObject({
    records: ["192.0.2.1"],
    canonical: "c.test",
    ttl: 5,
  });
});

test("of a thousand records a hundred are kept", () => {
  const many = Array.from({ length: 1000 }, () => a);
  expect(readReply(answer({}, ...many), question)!.records).toHaveLength(100);
});

test("no octets make it throw", () => {
  const honest = answer({}, a);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(honest.length - 1), fc.nat(255)), { maxLength: 8 }),
      fc.uint8Array({ maxLength: 64 }),
      (changes, tail) => {
        const bytes = Buffer.concat([honest, tail]);
        for (const [at, value] of changes) bytes[at] = value;
        const reply = readReply(bytes, question);
        expect(reply === null || Array.isArray(reply.records)).toBe(true);
      },
    ),
    { numRuns: 2000 },
  );
});
