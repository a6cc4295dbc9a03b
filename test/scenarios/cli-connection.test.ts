/** Which server and which key the command line uses. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startCli } from "./sample-cli.ts";

let cli: Awaited<ReturnType<typeof startCli>>;
beforeAll(async () => {
  cli = await startCli();
});
afterAll(() => cli.end());
beforeEach(() => {
  cli.seen.length = 0;
});

const run: typeof cli.run = (args, settings) => cli.run(args, settings);

test("each operation gets the key of the first run that its scope needs", async () => {
  const env = cli.first_run;
  await run(["inbox"], { env });
  await run(["send", "--to", "a@x", "--subject", "Hi", "--markdown", "x"], { env });
  await run(["approve", "E1"], { env });
  await run(["webhooks", "create", "https://example.com/hook"], { env });
  expect(cli.seen.map(({ actor }) => actor)).toEqual([
    "mm_test_agent",
    "mm_test_agent",
    "mm_test_oversight",
    "mm_test_admin",
  ]);
  expect(cli.seen[0]?.input).toMatchObject({ mailbox_id: "first-box" });
});

test("a key of the first run never goes to another server", async () => {
  const env = { ...cli.first_run, MULTIMAIL_API_URL: cli.url.replace("127.0.0.1", "localhost") };
  const { code, err } = await run(["inbox", "--mailbox-id", "box"], { env });
  expect(code).toBe(1);
  expect(err).toContain("code: unauthenticated");
});

test("the environment's key goes to the environment's server only", async () => {
  const args = ["inbox", "--mailbox-id", "box", "--url", cli.url];
  const env = { MULTIMAIL_API_KEY: "mm_test_agent" };
  expect((await run(args, { env })).code).toBe(0);
  expect((await run(args, { env: { ...env, MULTIMAIL_API_URL: cli.url } })).code).toBe(0);
  cli.seen.length = 0;
  const elsewhere = { ...env, MULTIMAIL_API_URL: "https://mail.example.com" };
  const { code, err } = await run(args, { env: elsewhere });
  expect([code, cli.seen]).toEqual([1, []]);
  expect(err).toContain("code: unauthenticated");
});

test("flags win over the environment, and an input called url leaves --api-url for the server", async () => {
  const env = { MULTIMAIL_API_URL: "http://127.0.0.1:1", MULTIMAIL_API_KEY: "wrong" };
  expect(
    (
      await run(["inbox", "--mailbox-id", "box", "--url", cli.url, "--key", "mm_test_agent"], {
        env,
      })
    ).code,
  ).toBe(0);
  const hook = await run(
    [
      "webhooks",
      "create",
      "--url",
      "https://example.com/hook",
      "--api-url",
      cli.url,
      "--api-key",
      "mm_test_all",
    ],
    { env },
  );
  expect([hook.code, hook.out]).toEqual([0, "url  https://example.com/hook\n"]);
});

test("no server known is a usage error, an unreachable one ends with 3", async () => {
  const nowhere = await run(["inbox", "--mailbox-id", "box"], {
    env: { MULTIMAIL_DATA: "/nonexistent" },
  });
  expect([nowhere.code, nowhere.err.includes("multimail serve")]).toEqual([2, true]);
  const closed = await run(["inbox", "--mailbox-id", "box", "--url", "http://127.0.0.1:1"]);
  expect([closed.code, closed.err]).toEqual([
    3,
    expect.stringContaining("Cannot reach http://127.0.0.1:1"),
  ]);
});
