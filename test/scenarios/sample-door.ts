/** A listening HTTP door over the sample operations, with keys of every kind. */
import { createDispatcher } from "../../src/contract/dispatch.ts";
import type { Scope } from "../../src/core/actor.ts";
import { createApp } from "../../src/http/app.ts";
import { type ListenOptions, listen } from "../../src/http/server.ts";
import { type Context, type Seen, operations } from "./sample-operations.ts";

/** Keys that are known, by the scopes they hold. */
export const keys: Readonly<Record<string, readonly Scope[]>> = {
  mm_test_all: ["read", "send", "admin"],
  mm_test_agent: ["read", "send"],
  mm_test_admin: ["admin"],
  mm_test_oversight: ["read", "oversight"],
};

/** A listening door over the sample operations. */
export async function startSample(options: Partial<ListenOptions> & { public_url?: string } = {}) {
  const seen: Seen[] = [];
  const logged: { level: string; fields: object; message: string }[] = [];
  let release = (): void => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  let requests = 0;
  const log = (level: string) => (fields: object, message: string) => {
    logged.push({ level, fields, message });
  };
  const app = createApp({
    dispatcher: createDispatcher<Context>(operations, { seen, release: released }),
    async authenticate(key) {
      const scopes = keys[key];
      if (!scopes) return null;
      return {
        kind: "api_key",
        operator_id: "operator",
        credential_id: key,
        person_id: null,
        role: null,
        scopes,
        mailbox_ids: null,
        test: true,
        signed_in_at: null,
      };
    },
    new_request_id: () => `request-${++requests}`,
    log: { info: log("info"), warn: log("warn"), error: log("error") },
    public_url: options.public_url ?? "https://mail.example.com",
    mount(pages) {
      pages.get("/page", (c) => c.html(`<p>${String(c.get("request_id" as never))}</p>`));
      pages.post("/echo", async (c) => c.text(await c.req.text()));
      pages.get("/frozen", async () => Response.redirect("https://example.com/", 302));
      pages.get("/broken", () => {
        throw new Error("secret page detail");
      });
    },
  });
  const server = await listen(app, { host: "127.0.0.1", port: 0, ...options });
  return { ...server, app, seen, logged, release };
}
