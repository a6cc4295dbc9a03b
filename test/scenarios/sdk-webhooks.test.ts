/** Webhooks as both SDKs verify them: with a library of others' making in both directions, and forged in every part. */
import { createHmac, randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Webhook } from "standardwebhooks";
import {
  MultiMailError,
  type ReceivedWebhook,
  WebhookVerificationError,
  signWebhook,
  verifyCompatWebhook,
  verifyWebhook,
} from "../../sdk/src/multimail.ts";
import { shownSecret, signatureHeaders } from "../../src/engine/webhook-signature.ts";
import { python, startPython } from "./python-sdk.ts";

const now = 1_790_000_000_000;
const secretOf = (bytes: Buffer): string => `whsec_${bytes.toString("base64")}`;
const secret = secretOf(randomBytes(24));
const other = secretOf(randomBytes(32));
const event = {
  type: "message.received",
  timestamp: "2026-01-01T00:00:00Z",
  data: { text: "é 😀" },
};
const body = JSON.stringify(event);

type Headers = Record<string, string>;

/** Headers as a Standard Webhooks library signs them. */
function signed(by = secret, at = now, text = body, id = "msg_1"): Headers {
  return {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at / 1000)),
    "webhook-signature": new Webhook(by).sign(id, new Date(at), text),
  };
}

/** One way to verify: answers the event, or throws an error with the name of its class. */
type Verifier = {
  verify(secret: string | string[], headers: Headers, text: string): Promise<unknown>;
  compat(secret: string | string[], headers: Headers, text: string): Promise<unknown>;
  sign(secret: string, id: string, text: string): Promise<Headers>;
  stop(): void;
};

const typescript = (): Verifier => ({
  verify: (secret, headers, text) => verifyWebhook({ secret, headers, body: text, now }),
  compat: (secret, headers, text) => verifyCompatWebhook({ secret, headers, body: text }),
  sign: (secret, id, text) => signWebhook(secret, id, text, now),
  stop() {},
});

function pythonVerifier(): Verifier {
  const { call, stop } = startPython();
  const ask = async (method: string, positional: unknown[], args = {}): Promise<never> => {
    const said = await call({ method, positional, args });
    expect(said.bug).toBeUndefined();
    if (said.error) throw Object.assign(new Error(said.error.message), { name: said.error.class });
    return said.ok as never;
  };
  return {
    verify: (...all) => ask("verify_webhook", all, { now: now / 1000 }),
    compat: (...all) => ask("verify_compat_webhook", all),
    sign: (secret, id, text) => ask("sign_webhook", [secret, id, text, now / 1000]),
    stop,
  };
}

const verifiers = [
  { name: "TypeScript", start: typescript, absent: false },
  { name: "Python", start: pythonVerifier, absent: python === undefined },
];

for (const { name, start, absent } of verifiers)
  describe.skipIf(absent)(`the ${name} SDK`, () => {
    let sdk: Verifier;
    beforeAll(() => {
      sdk = start();
    });
    afterAll(() => sdk.stop());

    const refused = { name: "WebhookVerificationError" };

    test("takes what standardwebhooks signs, and signs what standardwebhooks takes", async () => {
      expect(await sdk.verify(secret, signed(), body)).toEqual(event);
      const present = Date.now();
      const headers = await sdk.sign(secret, "msg_2", body);
      // That library knows no clock but the present one.
      const resigned = signed(secret, present, body, "msg_2");
      expect(new Webhook(secret).verify(body, resigned)).toEqual(event);
      expect(headers).toEqual(signed(secret, now, body, "msg_2"));
    });

    test("takes one right signature among others, and one right secret among others", async () => {
      const headers = signed();
      const wrong = signed(other)["webhook-signature"] ?? "";
      const both = `v1a,abc ${wrong} ${headers["webhook-signature"]}`;
      expect(await sdk.verify(secret, { ...headers, "webhook-signature": both }, body)).toEqual(
        event,
      );
      expect(await sdk.verify([other, secret], headers, body)).toEqual(event);
      expect(
        await sdk.verify(
          secret,
          Object.fromEntries(Object.entries(headers).map(([name, v]) => [name.toUpperCase(), v])),
          body,
        ),
      ).toEqual(event);
    });

    test.each<[string, Partial<Headers>, string]>([
      ["another secret", signed(other), body],
      ["another body", {}, body.replace("received", "sent")],
      ["a body written anew", {}, JSON.stringify(event, null, 1)],
      ["another id", { "webhook-id": "msg_3" }, body],
      ["another time", { "webhook-timestamp": String(now / 1000 + 1) }, body],
      ["a time that is none", { "webhook-timestamp": "1e9" }, body],
      ["a negative time", { "webhook-timestamp": "-5" }, body],
      ["no id", { "webhook-id": "" }, body],
      ["no signature", { "webhook-signature": "" }, body],
      ["an empty signature", { "webhook-signature": "v1," }, body],
      [
        "a signature of another version",
        { "webhook-signature": signed()["webhook-signature"]?.replace("v1,", "v2,") ?? "" },
        body,
      ],
      [
        "half a signature",
        { "webhook-signature": signed()["webhook-signature"]?.slice(0, 24) ?? "" },
        body,
      ],
      ["a signature that is no base64", { "webhook-signature": "v1,é!" }, body],
      ["six minutes of age", signed(secret, now - 360_000), body],
      ["six minutes of future", signed(secret, now + 360_000), body],
    ])("refuses %s", async (_, change, text) => {
      await expect(
        sdk.verify(secret, { ...signed(), ...change } as Headers, text),
      ).rejects.toMatchObject(refused);
    });

    test("takes four minutes of age", async () => {
      expect(await sdk.verify(secret, signed(secret, now - 240_000), body)).toEqual(event);
    });

    test("refuses what is signed and no JSON, and a secret that is none", async () => {
      await expect(sdk.verify(secret, signed(secret, now, "hello"), "hello")).rejects.toMatchObject(
        refused,
      );
      for (const none of ["", "whsec_", "whsec_é"])
        await expect(sdk.verify(none, signed(), body), none).rejects.toMatchObject({
          name: "MultiMailError",
        });
      await expect(sdk.verify([], signed(), body)).rejects.toMatchObject(refused);
    });

    test("takes what this server signs, also while a secret rotates", async () => {
      const at = new Date(now);
      const rotating = signatureHeaders([other, secret], "evt_1", at, Buffer.from(body));
      expect(await sdk.verify(secret, rotating, body)).toEqual(event);
      expect(await sdk.verify(other, rotating, body)).toEqual(event);
      expect(await sdk.compat(other, rotating, body)).toEqual(event);
      const own = "a secret of the caller's own";
      const headers = signatureHeaders([own], "evt_2", at, Buffer.from(body));
      expect(await sdk.verify(shownSecret(own), headers, body)).toEqual(event);
      expect(await sdk.compat(own, headers, body)).toEqual(event);
    });

    test("verifies the signature of older clients, and refuses it changed", async () => {
      const hex = createHmac("sha256", secret).update(body).digest("hex");
      const header = (value: string): Headers => ({ "X-MultiMail-Signature": value });
      expect(await sdk.compat(secret, header(`sha256=${hex}`), body)).toEqual(event);
      expect(await sdk.compat([other, secret], header(`sha256=${hex}`), body)).toEqual(event);
      for (const [value, text] of [
        [`sha256=${hex}`, `${body} `],
        [`sha256=${"0".repeat(64)}`, body],
        [`sha256=${hex.slice(0, 32)}`, body],
        [`sha1=${hex}`, body],
        [hex, body],
        ["", body],
      ] as const)
        await expect(sdk.compat(secret, header(value), text), value).rejects.toMatchObject(refused);
    });
  });

describe("TypeScript alone", () => {
  test("reads headers of fetch, of Node and of frameworks, and bodies of bytes", async () => {
    const bytes = new TextEncoder().encode(body);
    const headers: ReceivedWebhook["headers"][] = [
      new Headers(signed()),
      signed(),
      { ...signed(), more: ["a", "b"] },
    ];
    for (const one of headers)
      expect(await verifyWebhook({ secret, headers: one, body: bytes, now })).toEqual(event);
    const twice = { ...signed(), "webhook-id": ["msg_1", "msg_2"] };
    const call = verifyWebhook({ secret, headers: twice, body, now });
    await expect(call).rejects.toBeInstanceOf(WebhookVerificationError);
    expect(new WebhookVerificationError("x")).toBeInstanceOf(MultiMailError);
  });
});
