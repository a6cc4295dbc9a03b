/** The served description and reference of a running instance: whole, public, and answered 304 to whoever has them. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Running, run } from "./running.ts";

let one: Running;
beforeAll(async () => {
  one = await run({ MULTIMAIL_ROLES: "api" });
});
afterAll(() => one.stop());

test.each(["/v1/openapi.json", "/docs", "/docs/sendEmail"])(
  "%s needs no credential, and a caller that has it is answered 304 without a body",
  async (path) => {
    const first = await fetch(one.known.url + path);
    const etag = first.headers.get("etag") ?? "";
    expect([first.status, etag]).toEqual([200, expect.stringMatching(/^"[0-9a-f]{32}"$/)]);
    expect(first.headers.get("cache-control")).toBe("no-cache");
    expect((await first.text()).length).toBeGreaterThan(1000);
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`]) {
      const again = await fetch(one.known.url + path, { headers: { "if-none-match": known } });
      expect([again.status, await again.text()]).toEqual([304, ""]);
    }
    const other = await fetch(one.known.url + path, { headers: { "if-none-match": '"other"' } });
    expect(other.status).toBe(200);
  },
);
