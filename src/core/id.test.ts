/** Tests of ids: RFC 9562 version 7 in Crockford base32, strictly increasing, with the time in front. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { encodeBase32, idMaker, idPattern } from "./id.ts";

const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** The 16 bytes behind an id. */
function bytesOf(id: string): Buffer {
  const value = [...id].reduce((sum, sign) => sum * 32n + BigInt(alphabet.indexOf(sign)), 0n);
  return Buffer.from(value.toString(16).padStart(32, "0"), "hex");
}

const timeOf = (id: string): number => bytesOf(id).readUIntBE(0, 6);

const latest = 2 ** 48 - 1;
const time = fc.integer({ min: 0, max: latest - 10 });
const chance = fc.uint8Array({ minLength: 10, maxLength: 10 });

it("an id carries its millisecond, the version and the variant, and is what its bytes encode to", () => {
  fc.assert(
    fc.property(fc.oneof(time, fc.constant(latest)), chance, (now, random) => {
      const id = idMaker(
        () => now,
        () => random.slice(),
      )();
      expect(id).toMatch(idPattern);
      expect(timeOf(id)).toBe(now);
      const bytes = bytesOf(id);
      expect((bytes[6] ?? 0) >> 4).toBe(7);
      expect((bytes[8] ?? 0) >> 6).toBe(2);
      expect(bytes.subarray(9)).toEqual(Buffer.from(random.subarray(3)));
      expect(encodeBase32(bytes)).toBe(id);
    }),
  );
});

it("ids of one maker strictly increase, however the clock moves", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 50 }), chance), { minLength: 2, maxLength: 200 }),
      (ticks) => {
        let [now, random] = ticks[0] ?? [0, new Uint8Array(10)];
        const make = idMaker(
          () => 1_000_000 + now,
          () => random.slice(),
        );
        const ids = ticks.map((tick) => {
          [now, random] = tick;
          return make();
        });
        expect(ids).toEqual([...new Set(ids)].toSorted());
        for (const id of ids) expect(id).toMatch(idPattern);
      },
    ),
  );
});

it("more ids than one millisecond can count run into the next ones", () => {
  const make = idMaker(
    () => 1000,
    () => new Uint8Array(10).fill(0xff),
  );
  const ids = Array.from({ length: 20_000 }, make);
  expect(ids).toEqual([...new Set(ids)].toSorted());
  expect(timeOf(ids[0] ?? "")).toBe(1000);
  expect(timeOf(ids.at(-1) ?? "")).toBe(1005);
});

it("ids of two makers in one millisecond differ by their chance", () => {
  const with_ = (fill: number) =>
    idMaker(
      () => 1000,
      () => new Uint8Array(10).fill(fill),
    )();
  expect(with_(1)).not.toBe(with_(2));
});

it("base32 keeps every bit, in order", () => {
  expect(encodeBase32(new Uint8Array(16))).toBe("0".repeat(26));
  expect(encodeBase32(new Uint8Array(16).fill(0xff))).toBe(`7${"Z".repeat(25)}`);
  // The UUIDv7 of RFC 9562, appendix A.6.
  expect(encodeBase32(Buffer.from("017F22E279B07CC398C4DC0C0C07398F", "hex"))).toBe(
    "01FWHE4YDGFK1SHH6W1G60EECF",
  );
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
      expect(bytesOf(encodeBase32(bytes))).toEqual(Buffer.from(bytes));
    }),
  );
});

it.each([
  "",
  "8ZZZZZZZZZZZZZZZZZZZZZZZZZ",
  "01FWHE4YDGFK1SHH6W1G60EECI",
  "01fwhe4ydgfk1shh6w1g60eecf",
])("the pattern refuses %j", (text) => {
  expect(text).not.toMatch(idPattern);
});
