/** Signing in by mailed code and by passkey, sessions under changing tokens, and proving again who one is. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { SessionView } from "../../src/contract/sign-in.ts";
import type { Actor } from "../../src/core/actor.ts";
import { Refusal } from "../../src/core/refusal.ts";
import { assertFresh } from "../../src/engine/person-rules.ts";
import { type Authenticator, createAuthenticator } from "../evidence/authenticator.ts";
import { promise } from "../promises.ts";
import { type World, openWorld } from "../simulation/engine-world.ts";
import { codeIn, mails, member, otherOperator, outcome, tokenIn, visitor } from "./members.ts";

let world: World;
const minute = 60_000;
const place = { origin: "https://mail.operator.example", rp_id: "mail.operator.example" };

beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  world.clock.now += 60 * minute;
});

const signIn = () => world.engine.signIn;

/** All mail of the service so far. */
const box: Awaited<ReturnType<typeof mails>> = [];
const fetched = async () => {
  box.push(...(await mails(world)));
  return box;
};
const codesTo = async (email: string): Promise<string[]> =>
  (await fetched())
    .filter(({ to, subject }) => to === email && subject === "Your sign-in code")
    .map(({ text }) => codeIn(text));

/** Asks for a code and answers the new ones. Mail is queued after the answer, so it is waited for. */
async function codesFor(email: string, wanted = 1): Promise<string[]> {
  const to = email.toLowerCase();
  const before = (await codesTo(to)).length;
  await signIn().requestCode(email, visitor);
  await expect.poll(async () => (await codesTo(to)).length).toBe(before + wanted);
  return (await codesTo(to)).slice(before);
}
const redeem = (email: string, code: string) => signIn().redeemCode({ email, code }, visitor);

/** Somebody who is signed in by a mailed code. */
async function arrived(
  role: "owner" | "approver" = "approver",
): Promise<{ token: string; actor: Actor; person: Awaited<ReturnType<typeof member>> }> {
  const person = await member(world, role);
  const [code = ""] = await codesFor(person.email);
  const { session_token: token } = await redeem(person.email, code);
  return { token, actor: (await view(token)).actor, person };
}

async function view(token: string): Promise<SessionView> {
  const session = await signIn().session(token);
  if (!session) throw new Error("there is no such session");
  return session;
}

const isFresh = (actor: Actor): boolean => {
  try {
    assertFresh(new Date(world.clock.now), actor);
    return true;
  } catch {
    return false;
  }
};

describe("a mailed code", () => {
  test("signs its person in, once, however it is typed", async () => {
    const person = await member(world, "approver");
    const [code = ""] = await codesFor(person.email.toUpperCase());
    const typed = ` ${code.toLowerCase().replace("-", " ")} `;
    const { session_token } = await redeem(person.email, typed);
    const session = await view(session_token);
    expect(session.actor).toMatchObject({
      person_id: person.person_id,
      operator_id: world.operator_id,
      verified_by: "code",
    });
    expect(await outcome(redeem(person.email, code))).toBe("invalid_code");
    expect(await world.entries(person.person_id)).toEqual(["person.signed_in"]);
  });

  test("of two who use it at once lets one in", async () => {
    const person = await member(world, "approver");
    const [code = ""] = await codesFor(person.email);
    const answers = await Promise.all([1, 2, 3, 4].map(() => outcome(redeem(person.email, code))));
    expect(answers.toSorted()).toEqual(["done", "invalid_code", "invalid_code", "invalid_code"]);
  });

  test("is dead after ten minutes, and after five wrong tries", async () => {
    const person = await member(world, "approver");
    const [old = ""] = await codesFor(person.email);
    world.clock.now += 10 * minute + 1;
    expect(await outcome(redeem(person.email, old))).toBe("invalid_code");
    const [code = ""] = await codesFor(person.email);
    for (let i = 0; i < 5; i++)
      expect(await outcome(redeem(person.email, `AAA-AA${i + 2}`))).toBe("invalid_code");
    expect(await outcome(redeem(person.email, code))).toBe("invalid_code");
  });

  test(promise("sign-in.says-nothing"), async () => {
    const person = await member(world, "approver");
    const stranger = "nobody@people.example";
    const words = async (call: Promise<unknown>): Promise<unknown> => {
      const error = await call.then(
        (value) => value,
        (caught: unknown) => caught,
      );
      return error instanceof Refusal ? [error.code, error.message, error.detail] : error;
    };
    expect(await words(signIn().requestCode(stranger, visitor))).toEqual(
      await words(signIn().requestCode(person.email, visitor)),
    );
    expect(await words(redeem(stranger, "AAA-AAA"))).toEqual(
      await words(redeem(person.email, "AAA-AAA")),
    );
    await expect.poll(async () => (await codesTo(person.email)).length).toBe(1);
    expect(await codesTo(stranger)).toEqual([]);
    // Nor by how long it takes: a try that counts costs a write, and both are answered no sooner than that.
    for (const email of [stranger, person.email]) {
      const begun = performance.now();
      await outcome(redeem(email, "AAA-AAB"));
      expect(performance.now() - begun).toBeGreaterThanOrEqual(99);
    }
    // Whoever asks too often learns nothing either.
    for (let i = 0; i < 8; i++)
      expect(await words(signIn().requestCode(person.email, visitor))).toBeUndefined();
  });

  test("comes five times an hour, and no oftener", async () => {
    const person = await member(world, "approver");
    for (let i = 0; i < 5; i++) expect(await codesFor(person.email)).toHaveLength(1);
    await signIn().requestCode(person.email, visitor);
    const other = await member(world, "approver");
    // What is asked for later is mailed later: when this one is here, the one before would be.
    await codesFor(other.email);
    expect(await codesTo(person.email)).toHaveLength(5);
    world.clock.now += 60 * minute;
    await codesFor(person.email);
  });

  test("of a person in two operators says which of them it opens", async () => {
    const here = await member(world, "approver");
    const there = await member(world, "owner", {
      operator_id: await otherOperator(world),
      email: here.email,
    });
    const found = await codesFor(here.email, 2);
    expect(new Set(found).size).toBe(2);
    const opened = [];
    for (const code of found)
      opened.push((await view((await redeem(here.email, code)).session_token)).actor.person_id);
    expect(new Set(opened)).toEqual(new Set([here.person_id, there.person_id]));
  });

  test("of another person, or for another use, opens nothing", async () => {
    const [one, two] = [await member(world, "approver"), await member(world, "approver")];
    const [code = ""] = await codesFor(one.email);
    expect(await outcome(redeem(two.email, code))).toBe("invalid_code");
    const { token, person } = await arrived();
    await signIn().stepUp.requestCode(token);
    const mail = (await fetched()).at(-1);
    expect(await outcome(redeem(person.email, codeIn(mail?.text)))).toBe("invalid_code");
    const [signInCode = ""] = await codesFor(person.email);
    expect(await outcome(signIn().stepUp.redeemCode(token, signInCode))).toBe("invalid_code");
  });

  test("can be guessed at from one network sixty times in ten minutes, whoever is meant", async () => {
    const source = { source: "2001:db8:1:2:3::1", user_agent: null };
    const neighbour = { source: "2001:db8:1:2:ffff::2", user_agent: null };
    const guess = (i: number, from = source) =>
      outcome(signIn().redeemCode({ email: `victim${i}@people.example`, code: "AAA-AAA" }, from));
    const answers = await Promise.all(Array.from({ length: 61 }, (_, i) => guess(i)));
    expect(answers.filter((answer) => answer === "invalid_code")).toHaveLength(60);
    expect(answers.indexOf("rate_limited")).toBe(60);
    expect(await guess(0, neighbour)).toBe("rate_limited");
    expect(await guess(0, { source: "192.0.2.77", user_agent: null })).toBe("invalid_code");
    world.clock.now += 10 * minute;
    expect(await guess(0)).toBe("invalid_code");
  });
});

describe("a session", () => {
  test("gets another token after an hour; the one before works a minute longer, and proves nothing fresh", async () => {
    const { token } = await arrived();
    for (let i = 0; i < 59; i++) {
      world.clock.now += minute;
      expect((await view(token)).next_token).toBeUndefined();
    }
    world.clock.now += 2 * minute;
    const { next_token: next = "" } = await view(token);
    expect(next).toMatch(/^mm_session_/);
    await signIn().stepUp.requestCode(next);
    const mail = (await fetched()).at(-1);
    const { session_token: fresh } = await signIn().stepUp.redeemCode(next, codeIn(mail?.text));
    expect(isFresh((await view(fresh)).actor)).toBe(true);
    const late = await view(next);
    expect(isFresh(late.actor)).toBe(false);
    expect(late.next_token).toBeUndefined();
    expect(await outcome(signIn().stepUp.requestCode(next))).toBe("unauthenticated");
  });

  test(promise("sign-in.copied-token"), async () => {
    for (const steps of [1, 3]) {
      const { token, actor } = await arrived();
      let present = token;
      for (let i = 0; i < steps; i++) {
        world.clock.now += 61 * minute;
        present = (await view(present)).next_token ?? "";
      }
      world.clock.now += minute + 1;
      expect(await signIn().session(token)).toBeNull();
      expect(await signIn().session(present)).toBeNull();
      expect(await world.entries(actor.credential_id)).toEqual(["session.reuse_detected"]);
    }
  });

  test("asked for by many requests at once when its hour ends gets one next token, and none of them is refused", async () => {
    const { token } = await arrived();
    world.clock.now += 61 * minute;
    const views = await Promise.all(Array.from({ length: 8 }, () => signIn().session(token)));
    expect(views.filter((one) => one !== null)).toHaveLength(8);
    expect(views.filter((one) => one?.next_token !== undefined)).toHaveLength(1);
  });

  test("ends after two hours without use, and twelve hours after sign-in whatever the use", async () => {
    const idle = await arrived();
    world.clock.now += 120 * minute + 1;
    expect(await signIn().session(idle.token)).toBeNull();
    let { token } = await arrived();
    for (let i = 0; i < 7; i++) {
      world.clock.now += 100 * minute;
      token = (await view(token)).next_token ?? "";
    }
    world.clock.now += 21 * minute;
    expect(await signIn().session(token)).toBeNull();
  });

  test("of one person cannot be ended, or seen, by another; an owner can, in the own operator alone", async () => {
    const [one, two, owner] = [await arrived(), await arrived(), await arrived("owner")];
    const stranger = await member(world, "owner", { operator_id: await otherOperator(world) });
    const { revokeSession, findSessions } = world.engine;
    const id = one.actor.credential_id;
    expect(await outcome(revokeSession(two.actor, id))).toBe("not_found");
    expect(await outcome(revokeSession(stranger, id))).toBe("not_found");
    const of = { limit: 10, person_id: one.person.person_id };
    expect(await outcome(findSessions(two.actor, of))).toBe("role_required");
    expect((await findSessions(stranger, of)).rows).toEqual([]);
    expect((await findSessions(owner.actor, of)).rows.map((row) => row.session_id)).toEqual([id]);
    expect(await signIn().session(one.token)).not.toBeNull();
    await revokeSession(owner.actor, id);
    expect(await signIn().session(one.token)).toBeNull();
    expect(await world.entries(id)).toEqual(["session.revoked"]);
  });

  test("ends with all others of its person, or alone stays", async () => {
    const person = await member(world, "approver");
    const tokens: string[] = [];
    for (let i = 0; i < 3; i++)
      tokens.push(
        (await redeem(person.email, (await codesFor(person.email))[0] ?? "")).session_token,
      );
    const { actor } = await view(tokens[0] ?? "");
    expect(await world.engine.revokeOwnSessions(actor, true)).toBe(2);
    expect(
      await Promise.all(tokens.map(async (token) => (await signIn().session(token)) !== null)),
    ).toEqual([true, false, false]);
    expect(await world.engine.revokeOwnSessions(actor, false)).toBe(1);
    expect(await signIn().session(tokens[0] ?? "")).toBeNull();
  });
});

describe("stepping up", () => {
  test("makes a sign-in fresh again and says how, under another token", async () => {
    const { token } = await arrived();
    world.clock.now += 16 * minute;
    expect(isFresh((await view(token)).actor)).toBe(false);
    await signIn().stepUp.requestCode(token);
    const mail = (await fetched()).at(-1);
    const code = codeIn(mail?.text);
    expect(await outcome(signIn().stepUp.redeemCode(token, "AAA-AAA"))).toBe("invalid_code");
    const { session_token: next } = await signIn().stepUp.redeemCode(token, code);
    expect(next).not.toBe(token);
    const { actor } = await view(next);
    expect(isFresh(actor)).toBe(true);
    expect(actor.verified_by).toBe("code");
    expect(await outcome(signIn().stepUp.redeemCode(next, code))).toBe("invalid_code");
  });

  test("of one session leaves the person's other sessions as they were", async () => {
    const { token, person } = await arrived();
    const [code = ""] = await codesFor(person.email);
    const other = (await redeem(person.email, code)).session_token;
    world.clock.now += 16 * minute;
    await signIn().stepUp.requestCode(token);
    const mail = (await fetched()).at(-1);
    await signIn().stepUp.redeemCode(token, codeIn(mail?.text));
    expect(isFresh((await view(other)).actor)).toBe(false);
  });
});

describe("a sign-in passkey", () => {
  const challengeIn = (options: { challenge: string }): Buffer =>
    Buffer.from(options.challenge, "base64url");

  async function enrolled(
    device: Authenticator = createAuthenticator(place),
  ): Promise<{ device: Authenticator; actor: Actor; token: string; passkey_id: string }> {
    const { actor, token } = await arrived();
    const options = await world.engine.passkeyOptions(actor);
    const response = device.enrol(options.challenge);
    const { passkey_id } = await world.engine.enrolPasskey(actor, { name: "Phone", response });
    return { device, actor, token, passkey_id };
  }
  const prompt = async (): Promise<Buffer> => challengeIn(await signIn().passkeyOptions(visitor));
  const answer = (response: unknown) => signIn().redeemPasskey(response, visitor);

  test.each([-7, -8, -257] as const)("of algorithm %i signs its person in", async (algorithm) => {
    const { device, actor } = await enrolled(createAuthenticator(place, algorithm));
    const { session_token } = await answer(device.assert(await prompt()));
    const session = await view(session_token);
    expect(session.actor).toMatchObject({ person_id: actor.person_id, verified_by: "passkey" });
  });

  test(promise("sign-in.passkey-once"), async () => {
    const { device } = await enrolled();
    const response = device.assert(await prompt());
    const answers = await Promise.all([1, 2, 3, 4].map(() => outcome(answer(response))));
    expect(answers.toSorted()).toEqual([
      "done",
      "invalid_passkey",
      "invalid_passkey",
      "invalid_passkey",
    ]);
    expect(await outcome(answer(response))).toBe("invalid_passkey");
  });

  test("whose answer is wrong in anything signs nobody in, and uses the prompt up", async () => {
    const { device } = await enrolled();
    const faults = {
      "another origin": { origin: "https://evil.example" },
      "inside another site": { cross_origin: true },
      "another relying party": { rp_id: "evil.example" },
      "user not verified": { flags: 0x01 },
      "user not present": { flags: 0x04 },
      "an enrolment": { type: "webauthn.create" },
    };
    for (const [what, fault] of Object.entries(faults)) {
      const challenge = await prompt();
      expect([what, await outcome(answer(device.assert(challenge, fault)))]).toEqual([
        what,
        "invalid_passkey",
      ]);
      expect(await outcome(answer(device.assert(challenge)))).toBe("invalid_passkey");
    }
    const forged = createAuthenticator(place);
    const stolen = {
      ...forged.assert(await prompt()),
      id: device.credential_id.toString("base64url"),
    };
    expect(await outcome(answer(stolen))).toBe("invalid_passkey");
    expect(await outcome(answer(device.assert(Buffer.alloc(32, 7))))).toBe("invalid_passkey");
    for (const nonsense of [null, {}, "x", { id: "AA" }, { ...stolen, extra: 1 }])
      expect(await outcome(answer(nonsense))).toBe("invalid_passkey");
    const old = await prompt();
    world.clock.now += 10 * minute + 1;
    expect(await outcome(answer(device.assert(old)))).toBe("invalid_passkey");
  });

  test("that was copied is noticed by its count, and one that does not count stays usable", async () => {
    const { device } = await enrolled();
    const use = async (sign_count: number) =>
      outcome(answer(device.assert(await prompt(), { sign_count })));
    expect([
      await use(0),
      await use(0),
      await use(5),
      await use(5),
      await use(4),
      await use(6),
    ]).toEqual(["done", "done", "done", "invalid_passkey", "invalid_passkey", "done"]);
  });

  test("that was revoked, or is for decisions, signs nobody in", async () => {
    const revoked = await enrolled();
    await world.engine.revokePasskey(revoked.actor, revoked.passkey_id);
    expect(await outcome(answer(revoked.device.assert(await prompt())))).toBe("invalid_passkey");
    const { actor } = await arrived();
    const device = createAuthenticator(place);
    const { challenge } = await world.engine.decisionPasskeyOptions(actor);
    const response = device.enrol(challenge);
    await world.engine.enrolDecisionPasskey(actor, { name: "Decides", response });
    expect(await outcome(answer(device.assert(await prompt())))).toBe("invalid_passkey");
    expect(await world.engine.signIn.stepUp.passkeyOptions((await arrived()).token)).toBeNull();
  });

  test("steps its own session up, and nobody else's", async () => {
    const { device, token, actor } = await enrolled();
    const other = await enrolled();
    world.clock.now += 16 * minute;
    const ask = async (of: string) => {
      const options = await signIn().stepUp.passkeyOptions(of);
      if (!options) throw new Error("no passkey to step up with");
      return challengeIn(options);
    };
    const { stepUp } = signIn();
    const challenge = await ask(token);
    expect(await outcome(stepUp.redeemPasskey(other.token, device.assert(challenge)))).toBe(
      "invalid_passkey",
    );
    expect(await outcome(stepUp.redeemPasskey(token, other.device.assert(await ask(token))))).toBe(
      "invalid_passkey",
    );
    expect(await outcome(stepUp.redeemPasskey(token, device.assert(await prompt())))).toBe(
      "invalid_passkey",
    );
    expect(await outcome(answer(device.assert(await ask(token))))).toBe("invalid_passkey");
    // Not even another session of the same person.
    const { session_token: second } = await answer(device.assert(await prompt()));
    expect(await outcome(stepUp.redeemPasskey(second, device.assert(await ask(token))))).toBe(
      "invalid_passkey",
    );
    const { session_token } = await stepUp.redeemPasskey(token, device.assert(await ask(token)));
    const session = await view(session_token);
    expect(isFresh(session.actor)).toBe(true);
    expect(session.actor).toMatchObject({ person_id: actor.person_id, verified_by: "passkey" });
  });

  test("is enrolled, named and revoked by its person with a fresh sign-in, and each time a mail says so", async () => {
    const { actor, passkey_id, token } = await enrolled();
    const session = await view(token);
    const { engine } = world;
    await engine.renamePasskey(actor, passkey_id, "Laptop");
    const stale = { ...actor, signed_in_at: new Date(world.clock.now - 16 * minute).toISOString() };
    const other = await arrived();
    for (const [who, code] of [
      [stale, "fresh_sign_in_required"],
      [other.actor, "not_found"],
      [{ ...actor, kind: "api_key" as const }, "role_required"],
    ] as const) {
      expect(await outcome(engine.renamePasskey(who, passkey_id, "x"))).toBe(code);
      expect(await outcome(engine.revokePasskey(who, passkey_id))).toBe(code);
    }
    expect(await outcome(engine.passkeyOptions(stale))).toBe("fresh_sign_in_required");
    await engine.revokePasskey(actor, passkey_id);
    expect(await engine.findPasskeys(actor)).toEqual([]);
    expect(await world.entries(passkey_id)).toEqual([
      "passkey.enrolled",
      "passkey.renamed",
      "passkey.revoked",
    ]);
    const told = (await fetched()).filter(
      ({ to, subject }) => to === session.person.email && subject.startsWith("A passkey"),
    );
    expect(told.map(({ subject }) => subject).toSorted()).toEqual([
      "A passkey was added",
      "A passkey was renamed",
      "A passkey was revoked",
    ]);
  });

  test("cannot be enrolled with the answer to another session's prompt, or twice", async () => {
    const [one, two] = [await arrived(), await arrived()];
    const device = createAuthenticator(place);
    const enrol = async (actor: Actor, challenge: string) =>
      outcome(world.engine.enrolPasskey(actor, { name: "x", response: device.enrol(challenge) }));
    const { challenge } = await world.engine.passkeyOptions(one.actor);
    expect(await enrol(two.actor, challenge)).toBe("invalid_passkey");
    expect(await enrol({ ...one.actor, credential_id: "other" }, challenge)).toBe(
      "invalid_passkey",
    );
    expect(await enrol(one.actor, (await world.engine.passkeyOptions(one.actor)).challenge)).toBe(
      "done",
    );
    expect(await enrol(two.actor, (await world.engine.passkeyOptions(two.actor)).challenge)).toBe(
      "already_exists",
    );
    const { excludeCredentials } = await world.engine.passkeyOptions(one.actor);
    expect(excludeCredentials.map(({ id }) => id)).toEqual([
      device.credential_id.toString("base64url"),
    ]);
  });
});

test("the first owner's link from the host still signs them in, once", async () => {
  const link = await world.engine.mintSignInLink(world.operator_id);
  const token = tokenIn(link);
  const answers = await Promise.all([1, 2, 3].map(() => outcome(signIn().redeem(token, visitor))));
  expect(answers.toSorted()).toEqual(["done", "invalid_link", "invalid_link"]);
});
