/** One-time codes: how many tries, how often, for whom, and once. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { issueCode, redeemCode } from "../../src/engine/one-time-code.ts";
import { type Running, run } from "./running.ts";
import { type Founded } from "../../src/engine/bootstrap.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;
let other: Founded;
let time = Date.now();

beforeAll(async () => {
  running = await run();
  node = await secondNode(running, () => new Date(time));
  other = await node.found("other");
});

afterAll(async () => {
  await node.close();
  await running.stop();
});

const day = 24 * 3_600_000;
let subjects = 0;
const subject = (): string => `subject-${++subjects}`;

const issue = (
  of: string,
  data = {},
  operator = node.operator_id,
  purpose = "test",
): Promise<string> =>
  node.database.transaction(operator, (tx) =>
    issueCode(node.context, tx, { purpose, subject: of, data, life_ms: day, per_hour: 3 }),
  );
const redeem = (of: string, code: string, operator = node.operator_id, purpose = "test") =>
  node.database.transaction(operator, (tx) =>
    redeemCode(node.context, tx, { purpose, subject: of, code }),
  );
const wrong = (code: string): string => (code.startsWith("A") ? "B" : "A") + code.slice(1);

test("a code has the form A7X-29K and is accepted in any case, with or without its hyphen, once", async () => {
  const of = subject();
  const code = await issue(of, { mode: "autonomous" });
  expect(code).toMatch(/^[A-HJKMNP-Z2-9]{3}-[A-HJKMNP-Z2-9]{3}$/);
  expect(await redeem(of, ` ${code.toLowerCase().replace("-", "\u2013")} `)).toEqual({
    data: { mode: "autonomous" },
  });
  expect(await redeem(of, code)).toBeNull();
});

test("a code guessed wrongly five times is dead, even for the right one", async () => {
  const of = subject();
  const code = await issue(of);
  for (let i = 0; i < 5; i++) expect(await redeem(of, wrong(code))).toBeNull();
  expect(await redeem(of, code)).toBeNull();
  const again = subject();
  const second = await issue(again);
  for (let i = 0; i < 4; i++) expect(await redeem(again, wrong(second))).toBeNull();
  expect(await redeem(again, second)).not.toBeNull();
});

test("five wrong tries kill every living code of the subject, and none of another", async () => {
  const [of, neighbour] = [subject(), subject()];
  const codes = [await issue(of), await issue(of)];
  const spared = await issue(neighbour);
  const guess = codes.includes("AAA-AAA") ? "BBB-BBB" : "AAA-AAA";
  for (let i = 0; i < 5; i++) await redeem(of, guess);
  for (const code of codes) expect(await redeem(of, code)).toBeNull();
  expect(await redeem(neighbour, spared)).not.toBeNull();
});

test("guesses that come together are counted like guesses that come one after the other", async () => {
  const of = subject();
  const code = await issue(of);
  await Promise.all(Array.from({ length: 9 }, () => redeem(of, wrong(code))));
  expect(await redeem(of, code)).toBeNull();
});

test("of several who redeem a code at the same time one succeeds", async () => {
  const of = subject();
  const code = await issue(of);
  const answers = await Promise.all(Array.from({ length: 6 }, () => redeem(of, code)));
  expect(answers.filter((answer) => answer !== null)).toHaveLength(1);
});

test("a code of another subject, purpose or operator is a wrong one", async () => {
  const [of, another] = [subject(), subject()];
  const code = await issue(of);
  await issue(another);
  expect(await redeem(another, code)).toBeNull();
  expect(await redeem(of, code, node.operator_id, "other")).toBeNull();
  expect(await redeem(of, code, other.operator_id)).toBeNull();
  await issue(of, {}, other.operator_id);
  expect(await redeem(of, code, other.operator_id)).toBeNull();
  expect(await redeem(of, code)).not.toBeNull();
});

test("a code ends with its time", async () => {
  const [of, spared] = [subject(), subject()];
  const [late, early] = [await issue(of), await issue(spared)];
  time += day - 1;
  expect(await redeem(spared, early)).not.toBeNull();
  time += 1;
  expect(await redeem(of, late)).toBeNull();
});

test("an hour sees three codes of a subject, however many ask at the same time", async () => {
  const of = subject();
  const asked = await Promise.allSettled(Array.from({ length: 8 }, () => issue(of)));
  expect(asked.filter((one) => one.status === "fulfilled")).toHaveLength(3);
  await expect(issue(of)).rejects.toMatchObject({
    code: "rate_limited",
    detail: { retry_after: 3600 },
  });
  await issue(subject());
  time += 3_600_000;
  await issue(of);
});

test("codes that ended are removed once they count no more, whatever they were for", async () => {
  const [of, spared] = [subject(), subject()];
  await issue(of);
  time += day + 3_600_000;
  const code = await issue(spared);
  time += 1000;
  await issue(subject());
  const left = await node.as((tx) =>
    tx.named<{ subject: string }>("subjects_left", "SELECT subject FROM one_time_code", []),
  );
  const subjectsLeft = left.map((row) => row.subject);
  expect(subjectsLeft).not.toContain(of);
  expect(subjectsLeft).toContain(spared);
  expect(await redeem(spared, code)).not.toBeNull();
});

test("the database keeps no code that could be read, nor one that could be tried without the key", async () => {
  const of = subject();
  const code = await issue(of);
  const [row] = await node.as((tx) =>
    tx.named<{ text: string }>(
      "code_row",
      "SELECT row_to_json(c)::text AS text FROM one_time_code c WHERE subject = $1",
      [of],
    ),
  );
  expect(row?.text).not.toContain(code.replace("-", ""));
  expect(row?.text).not.toContain(code);
  const elsewhere = { ...node.context, code_key: Buffer.alloc(32) };
  expect(
    await node.as((tx) => redeemCode(elsewhere, tx, { purpose: "test", subject: of, code })),
  ).toBeNull();
});
