/** The second opinion against real rspamd, and against servers that fail in each way: no failure lets mail pass. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Screening } from "../../src/screening/screening.ts";
import { mergeOpinion, openSecondOpinion } from "../../src/screening/second-opinion.ts";
import { freePort } from "./load.ts";

const session = {
  remote_address: "192.0.2.7",
  helo: "mx.example.org",
  from: "a@example.org",
  to: ["b@example.net", "ü@example.net\r\nX-Evil: 1"],
};
const pass: Screening = { score: 0, verdict: "pass", injection: false, reasons: [] };
const mail = (body: string) =>
  Buffer.from(
    `From: a@example.org\r\nTo: b@example.net\r\nSubject: x\r\nMessage-ID: <1@example.org>\r\nContent-Type: text/plain\r\n\r\n${body}\r\n`,
  );

function hasRspamd(): boolean {
  try {
    execFileSync("rspamd", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
const rspamd = hasRspamd();

describe.skipIf(!rspamd)(
  `real rspamd${rspamd ? "" : " (skipped: rspamd is not installed)"}`,
  () => {
    const folder = mkdtempSync(join(tmpdir(), "screening-rspamd-"));
    let child: ChildProcess;
    let url = "";

    beforeAll(async () => {
      const port = await freePort();
      url = `http://127.0.0.1:${port}`;
      writeFileSync(join(folder, "suffixes.dat"), "com\nnet\norg\n");
      writeFileSync(
        join(folder, "rspamd.conf"),
        `options { pidfile = "${folder}/pid"; tempdir = "${folder}"; hs_cache_dir = "${folder}"; control_socket = "${folder}/control mode=0600"; filters = "regexp"; url_tld = "${folder}/suffixes.dat"; dns { nameserver = ["127.0.0.1:9"]; timeout = 0.1s; retransmits = 1; } }
logging { type = "console"; level = "error"; }
worker "normal" { bind_socket = "127.0.0.1:${port}"; count = 1; }
actions { reject = 15; add_header = 6; greylist = 4; }
regexp { TEST_WORD { re = "/quickgains/i{mime}"; score = 7.0; description = "a word"; } }
`,
      );
      child = spawn("rspamd", ["--insecure", "-f", "-c", join(folder, "rspamd.conf")], {
        stdio: "ignore",
      });
      const ask = openSecondOpinion({ url, timeout_ms: 2000, fetch });
      const deadline = Date.now() + 60_000;
      while (
        !(await ask(mail("hello"), session).then(
          () => true,
          () => false,
        ))
      )
        if (Date.now() > deadline || child.exitCode !== null)
          throw new Error("rspamd did not start");
    });

    afterAll(async () => {
      if (child.exitCode === null) {
        child.kill("SIGTERM");
        await once(child, "exit");
      }
      rmSync(folder, { recursive: true, force: true });
    });

    const ask = (body: string) =>
      openSecondOpinion({ url, timeout_ms: 10_000, fetch })(mail(body), session);

    test("ordinary mail passes with its opinion noted", async () => {
      const opinion = await ask("See you on Friday.");
      expect(opinion).toMatchObject({ action: "no action", required: 15 });
      expect(mergeOpinion(pass, opinion).verdict).toBe("pass");
    });

    test("what rspamd would mark waits for a person, its symbols named", async () => {
      const opinion = await ask("Try quickgains today.");
      expect(opinion).toMatchObject({ action: "add header", score: 7 });
      expect(opinion.symbols).toContainEqual({
        name: "TEST_WORD",
        score: 7,
        description: "a word",
      });
      const merged = mergeOpinion(pass, opinion);
      expect(merged.verdict).toBe("review");
      expect(merged.reasons[0]?.detail).toContain("TEST_WORD");
    });

    test("what rspamd would reject is spam, a skipped rest of checks or not", async () => {
      const gtube = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X";
      const opinion = await ask(gtube);
      expect(opinion.action).toBe("reject");
      expect(mergeOpinion(pass, opinion).verdict).toBe("spam");
    });
  },
);

describe("a filter that fails", () => {
  const servers: Server[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    }
  });

  async function serve(listener: RequestListener): Promise<string> {
    const server = createServer(listener);
    servers.push(server);
    await once(server.listen(0, "127.0.0.1"), "listening");
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  const good = {
    is_skipped: false,
    score: 0,
    required_score: 15,
    action: "no action",
    symbols: {},
  };
  const faults: [string, RequestListener, RegExp][] = [
    ["never answers", () => {}, /in time/],
    [
      "stops in the middle",
      (_, answer) => {
        answer.writeHead(200);
        answer.write('{"score":');
      },
      /in time/,
    ],
    ["hangs up", (request) => request.socket.destroy(), /reached/],
    ["answers 500", (_, answer) => answer.writeHead(500).end(JSON.stringify(good)), /500/],
    ["answers junk", (_, answer) => answer.end("<html>"), /JSON/],
    [
      "answers another shape",
      (_, answer) => answer.end('{"score":"0","action":"no action"}'),
      /shape/,
    ],
    ["answers nothing", (_, answer) => answer.end(), /JSON/],
    ["skips", (_, answer) => answer.end(JSON.stringify({ ...good, is_skipped: true })), /skipped/],
    [
      "answers without end",
      (_, answer) => answer.end(JSON.stringify({ ...good, pad: "x".repeat(3_000_000) })),
      /too long/,
    ],
  ];
  test.each(faults)("that %s means review", async (_, listener, why) => {
    const url = await serve(listener);
    const opinion = await openSecondOpinion({ url, timeout_ms: 300, fetch })(
      mail("x"),
      session,
    ).catch((error: unknown) => error as Error);
    expect(opinion).toBeInstanceOf(Error);
    expect((opinion as Error).message).toMatch(why);
    const merged = mergeOpinion(pass, opinion);
    expect(merged.verdict).toBe("review");
    expect(merged.reasons[0]?.rule).toBe("second_opinion_failed");
    expect(mergeOpinion({ ...pass, verdict: "spam" }, opinion).verdict).toBe("spam");
  });

  test("that redirects is not followed", async () => {
    let followed = false;
    const elsewhere = await serve((_, answer) => {
      followed = true;
      answer.end(JSON.stringify(good));
    });
    const url = await serve((_, answer) =>
      answer.writeHead(307, { location: `${elsewhere}/checkv2` }).end(),
    );
    await expect(
      openSecondOpinion({ url, timeout_ms: 2000, fetch })(mail("x"), session),
    ).rejects.toThrow("307");
    expect(followed).toBe(false);
  });

  test("the envelope cannot add header fields, and the password travels", async () => {
    const seen: Record<string, unknown>[] = [];
    const url = await serve((request, answer) => {
      seen.push(request.headers);
      answer.end(JSON.stringify(good));
    });
    const opinion = await openSecondOpinion({ url, timeout_ms: 2000, password: "pw", fetch })(
      mail("x"),
      session,
    );
    expect(opinion.action).toBe("no action");
    expect(seen[0]).toMatchObject({
      ip: "192.0.2.7",
      helo: "mx.example.org",
      from: "a@example.org",
      password: "pw",
    });
    expect(seen[0]).not.toHaveProperty("x-evil");
    expect(seen[0]?.["rcpt"]).toContain("b@example.net, ");
  });

  test("an action nobody knows means review, and no opinion makes a screening milder", () => {
    const opinion = { score: 0, required: 15, action: "toString", symbols: [] };
    expect(mergeOpinion(pass, opinion).verdict).toBe("review");
    const injected: Screening = { ...pass, injection: true, verdict: "review" };
    expect(mergeOpinion(injected, { ...opinion, action: "no action", score: -20 })).toMatchObject({
      verdict: "review",
      injection: true,
    });
  });
});
