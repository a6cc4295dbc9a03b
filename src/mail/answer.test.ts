/** Answering a message: subject, identifiers, recipients. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { replyRecipients, replyReferences, replySubject } from "./answer.ts";
import { parseMailbox } from "./address.ts";

describe("the subject of an answer", () => {
  test.each([
    ["Offer", "Re: Offer"],
    ["Re: Offer", "Re: Offer"],
    ["RE:Offer", "Re: Offer"],
    ["Re: Re: re: Offer", "Re: Offer"],
    ["AW: Angebot", "Re: Angebot"],
    ["AW: RE: Sv: Antw: Angebot", "Re: Angebot"],
    ["Re[2]: Offer", "Re: Offer"],
    ["Re(3): Offer", "Re: Offer"],
    ["Re^4: Offer", "Re: Offer"],
    ["回复：报价", "Re: 报价"],
    ["VS: Tarjous", "Re: Tarjous"],
    ["Fwd: Offer", "Re: Fwd: Offer"],
    ["Re: Fwd: Re: Offer", "Re: Fwd: Re: Offer"],
    ["Regarding: x", "Re: Regarding: x"],
    ["Research: x", "Re: Research: x"],
    ["", "Re:"],
    ["Re:", "Re:"],
    ["a\r\nBcc: x@y", "Re: a  Bcc: x@y"],
    ["\u202egpj.exe", "Re: gpj.exe"],
  ])("of %j is %j", (subject, wanted) => {
    expect(replySubject(subject)).toBe(wanted);
  });

  test("never begins with Re: twice, is one line of at most 998 characters, and is stable", () => {
    const prefixes = fc.array(fc.constantFrom("Re: ", "AW:", "sv: ", "回复：", " "), {
      maxLength: 6,
    });
    fc.assert(
      fc.property(prefixes, fc.string({ unit: "grapheme", maxLength: 1200 }), (before, text) => {
        const subject = replySubject(before.join("") + text);
        expect(subject).toMatch(/^Re:/);
        expect(subject).not.toMatch(/^Re:\s*re:/i);
        expect(subject.length).toBeLessThanOrEqual(998);
        expect(replySubject(subject)).toBe(subject);
      }),
    );
  });

  test("of ten thousand prefixes is found in no time", () => {
    const begun = performance.now();
    replySubject("Re: ".repeat(100_000));
    replySubject(`r${" ".repeat(1_000_000)}:`);
    expect(performance.now() - begun).toBeLessThan(2_000);
  });
});

describe("the identifiers of an answer", () => {
  test("are the parent's References and the parent", () => {
    expect(
      replyReferences({
        message_id: "<3@x>",
        in_reply_to: "<2@x>",
        references: ["<1@x>", "<2@x>"],
      }),
    ).toEqual({ in_reply_to: "<3@x>", references: ["<1@x>", "<2@x>", "<3@x>"] });
  });

  test("are the parent's In-Reply-To and the parent where it has no References", () => {
    expect(
      replyReferences({ message_id: "<3@x>", in_reply_to: "<2@x>", references: [] }).references,
    ).toEqual(["<2@x>", "<3@x>"]);
  });

  test("keep the root and the newest of very many", () => {
    const references = Array.from({ length: 500 }, (_, i) => `<${i}@x>`);
    const made = replyReferences({ message_id: "<parent@x>", in_reply_to: null, references });
    expect(made.references).toHaveLength(50);
    expect(made.references[0]).toBe("<0@x>");
    expect(made.references.slice(-2)).toEqual(["<499@x>", "<parent@x>"]);
    const long = references.map((_, i) => `<${i}${"a".repeat(800)}@x>`);
    const short = replyReferences({
      message_id: "<parent@x>",
      in_reply_to: null,
      references: long,
    });
    expect(short.references.join(" ").length).toBeLessThanOrEqual(8000);
    expect(short.references[0]).toBe(long[0]);
    expect(short.references.at(-1)).toBe("<parent@x>");
  });

  test("hold nothing that is no Message-ID, and nothing twice", () => {
    expect(
      replyReferences({
        message_id: "<a@x>",
        in_reply_to: null,
        references: ["<a@x>", "<b@x>", "<b@x>", "<c@x>\r\nBcc: <d@x>", "nonsense", "<>"],
      }).references,
    ).toEqual(["<b@x>", "<a@x>"]);
    expect(replyReferences({ message_id: "bad id", in_reply_to: null, references: [] })).toEqual({
      in_reply_to: null,
      references: [],
    });
  });
});

describe("the recipients of an answer", () => {
  const at = (address: string, name = ""): { name: string; address: string } => ({ name, address });
  const self = (address: string): boolean => /^support(\+.*)?@us\.example$/i.test(address);
  const mail = {
    from: [at("ada@example.com", "Ada")],
    reply_to: [],
    to: [at("Support@us.example"), at("bob@example.com", "Bob")],
    cc: [at("support+01abc@us.example"), at("eve@example.com"), at("ADA@example.com")],
  };

  test("are the writer, or where the writer asks for answers", () => {
    expect(replyRecipients(mail, self, false)).toEqual({ to: ['"Ada" <ada@example.com>'], cc: [] });
    expect(replyRecipients({ ...mail, reply_to: [at("desk@example.com")] }, self, false)).toEqual({
      to: ["desk@example.com"],
      cc: [],
    });
  });

  test("with all are everybody else in copy, never ourselves, nobody twice", () => {
    expect(replyRecipients(mail, self, true)).toEqual({
      to: ['"Ada" <ada@example.com>'],
      cc: ['"Bob" <bob@example.com>', "eve@example.com"],
    });
  });

  test("are nobody where only we are named", () => {
    expect(replyRecipients({ ...mail, from: [at("support@us.example")] }, self, false)).toEqual({
      to: [],
      cc: [],
    });
  });

  test("are addresses that we accept whatever the message names", () => {
    const texts = fc.array(
      fc.record({
        name: fc.string({ unit: "binary" }),
        address: fc.oneof(fc.string(), fc.emailAddress(), fc.constant("a@b.example\r\nBcc: c@d")),
      }),
    );
    fc.assert(
      fc.property(texts, texts, (from, to) => {
        const { to: first, cc } = replyRecipients({ from, reply_to: [], to, cc: [] }, self, true);
        for (const text of [...first, ...cc]) expect(() => parseMailbox(text)).not.toThrow();
      }),
    );
  });
});
