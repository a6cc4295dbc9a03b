/** Tests that a reply is told from what it quotes, in the shapes of common clients, and that nothing is lost. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { splitReply } from "./reply-split.ts";

const OLD = "Dear Anna,\n\nour offer stands until Friday.\n\nSales";
const MARKED = OLD.split("\n")
  .map((line) => `> ${line}`.trimEnd())
  .join("\n");
const NEW = "We accept.\n\nPlease send the contract.";

// Each quotes OLD below NEW; lines between are how the client introduces it.
const TOP_POSTED: Record<string, string> = {
  "Gmail, English": `On Mon, Jan 8, 2024 at 9:15 AM Sales <sales@example.com> wrote:\n\n${MARKED}`,
  "Gmail, English, wrapped": `On Mon, Jan 8, 2024 at 9:15 AM The Very Long Name of a Sales Department Somewhere\n<sales@example.com> wrote:\n\n${MARKED}`,
  "Gmail, wrapped in the address": `On Mon, Jan 8, 2024 at 9:15 AM The Sales Department of Example <\nsales@example.com> wrote:\n\n${MARKED}`,
  "Gmail, German": `Am Mo., 8. Jan. 2024 um 09:15 Uhr schrieb Sales <sales@example.com>:\n\n${MARKED}`,
  "Gmail, French": `Le lun. 8 janv. 2024 à 09:15, Sales <sales@example.com> a écrit :\n\n${MARKED}`,
  "Gmail, Spanish": `El lun, 8 ene 2024 a las 9:15, Sales (<sales@example.com>) escribió:\n\n${MARKED}`,
  "Gmail, Italian": `Il giorno lun 8 gen 2024 alle ore 09:15 Sales <sales@example.com> ha scritto:\n\n${MARKED}`,
  "Gmail, Portuguese": `Em seg., 8 de jan. de 2024 às 09:15, Sales <sales@example.com> escreveu:\n\n${MARKED}`,
  "Gmail, Dutch": `Op ma 8 jan 2024 om 09:15 schreef Sales <sales@example.com>:\n\n${MARKED}`,
  "Gmail, Polish": `pon., 8 sty 2024 o 09:15 Sales <sales@example.com> napisał(a):\n\n${MARKED}`,
  "Gmail, Russian": `пн, 8 янв. 2024 г. в 09:15, Sales <sales@example.com>:\n\n${MARKED}`,
  "Gmail, Swedish": `Den mån 8 jan. 2024 kl 09:15 skrev Sales <sales@example.com>:\n\n${MARKED}`,
  "Gmail, Japanese": `2024年1月8日(月) 9:15 Sales <sales@example.com>:\n\n${MARKED}`,
  "Gmail, Chinese": `Sales <sales@example.com> 于2024年1月8日周一 09:15写道：\n\n${MARKED}`,
  "Gmail, Korean": `2024년 1월 8일 (월) 오전 9:15, Sales <sales@example.com>님이 작성:\n\n${MARKED}`,
  "Apple Mail": `> On 8. Jan 2024, at 09:15, Sales <sales@example.com> wrote:\n> \n${MARKED}`,
  "Apple Mail, German": `> Am 08.01.2024 um 09:15 schrieb Sales <sales@example.com>:\n> \n${MARKED}`,
  Thunderbird: `On 1/8/24 09:15, Sales wrote:\n${MARKED}`,
  "Thunderbird, German": `Am 08.01.24 um 09:15 schrieb Sales:\n${MARKED}`,
  "Yahoo, without marks": `On Monday, January 8, 2024 at 09:15:00 AM GMT+1, Sales <sales@example.com> wrote:\n\n${OLD}`,
  "Outlook desktop": `From: Sales <sales@example.com>\nSent: Monday, January 8, 2024 9:15 AM\nTo: Anna <anna@example.org>\nSubject: Offer\n\n${OLD}`,
  "Outlook desktop, German": `Von: Sales <sales@example.com>\nGesendet: Montag, 8. Januar 2024 09:15\nAn: Anna <anna@example.org>\nBetreff: Angebot\n\n${OLD}`,
  "Outlook desktop, French": `De : Sales <sales@example.com>\nEnvoyé : lundi 8 janvier 2024 09:15\nÀ : Anna <anna@example.org>\nObjet : Offre\n\n${OLD}`,
  "Outlook desktop, Spanish": `De: Sales <sales@example.com>\nEnviado el: lunes, 8 de enero de 2024 9:15\nPara: Anna <anna@example.org>\nAsunto: Oferta\n\n${OLD}`,
  "Outlook desktop, Italian": `Da: Sales <sales@example.com>\nInviato: lunedì 8 gennaio 2024 09:15\nA: Anna <anna@example.org>\nOggetto: Offerta\n\n${OLD}`,
  "Outlook desktop, Dutch": `Van: Sales <sales@example.com>\nVerzonden: maandag 8 januari 2024 09:15\nAan: Anna <anna@example.org>\nOnderwerp: Offerte\n\n${OLD}`,
  "Outlook desktop, Polish": `Od: Sales <sales@example.com>\nWysłano: poniedziałek, 8 stycznia 2024 09:15\nDo: Anna <anna@example.org>\nTemat: Oferta\n\n${OLD}`,
  "Outlook desktop, Chinese": `发件人: Sales <sales@example.com>\n发送时间: 2024年1月8日 9:15\n收件人: Anna <anna@example.org>\n主题: Offer\n\n${OLD}`,
  "Outlook web": `________________________________\nFrom: Sales <sales@example.com>\nSent: Monday, January 8, 2024 9:15 AM\nTo: Anna <anna@example.org>\nSubject: Offer\n\n${OLD}`,
  "Outlook, bold labels": `*From:* Sales <sales@example.com>\n*Sent:* Monday, January 8, 2024 9:15 AM\n*To:* Anna <anna@example.org>\n*Subject:* Offer\n\n${OLD}`,
  "original message": `-----Original Message-----\nFrom: Sales\nSubject: Offer\n\n${OLD}`,
  "original message, German": `-----Ursprüngliche Nachricht-----\nVon: Sales\n\n${OLD}`,
  "forwarded by Gmail": `---------- Forwarded message ---------\nFrom: Sales <sales@example.com>\nDate: Mon, Jan 8, 2024 at 9:15 AM\nSubject: Offer\nTo: Anna\n\n${OLD}`,
  "forwarded by Apple Mail": `Begin forwarded message:\n\n${MARKED}`,
};

describe("the new text is what stands above the quotation of", () => {
  test.each(Object.entries(TOP_POSTED))("%s", (_client, quotation) => {
    const split = splitReply(`${NEW}\n\n${quotation}\n`);
    expect(split.new_text).toBe(NEW);
    expect(split.quoted_text).toBe(quotation.trim());
    expect(split.signature).toBe("");
    expect(splitReply(`${NEW}\r\n\r\n${quotation.replaceAll("\n", "\r\n")}`)).toStrictEqual(split);
  });
});

test("answers below and between quoted lines are new", () => {
  const split = splitReply(
    "On 1/8/24 09:15, Sales wrote:\n> Friday?\n\nYes.\n\n> And the price?\n\nToo high.\n",
  );
  expect(split.new_text).toBe("Yes.\n\nToo high.");
  expect(split.quoted_text).toBe("On 1/8/24 09:15, Sales wrote:\n> Friday?\n> And the price?");
});

test("a message that is all quotation has no new text", () => {
  for (const quotation of Object.values(TOP_POSTED))
    expect(splitReply(quotation)).toMatchObject({ new_text: "", signature: "" });
});

test.each([
  "Sent from my iPhone",
  "Get Outlook for iOS",
  "Get Outlook for Android<https://aka.ms/AAb9ysg>",
  "Von meinem iPhone gesendet",
  "Gesendet von Mail für Windows",
  "Envoyé de mon iPhone",
  "Enviado desde mi iPhone",
  "Inviato da iPhone",
  "Verstuurd vanaf mijn iPhone",
  "发自我的iPhone",
])("the line that a phone adds is a signature: %s", (line) => {
  expect(
    splitReply(`Yes.\n\n${line}\n\nOn Jan 8, 2024, at 09:15, Sales wrote:\n\n> Friday?`),
  ).toStrictEqual({
    new_text: "Yes.",
    quoted_text: "On Jan 8, 2024, at 09:15, Sales wrote:\n\n> Friday?",
    signature: line,
  });
});

test("what stands behind the signature mark is the signature, up to the quotation", () => {
  expect(splitReply("Yes.\n\n-- \nAnna\nExample Ltd\n\n> Friday?")).toStrictEqual({
    new_text: "Yes.",
    quoted_text: "> Friday?",
    signature: "-- \nAnna\nExample Ltd",
  });
});

test.each([
  "From: the very beginning we liked it.\nTo: be honest, it is dear.",
  "On Monday we met and he wrote:\nplease stop.",
  "I am the one who wrote: a book.",
  "Steps:\n--\none\n" + "more\n".repeat(40),
  "Prices > 5 are too high.\nOn 8 January we sent from my house a parcel.",
])("ordinary sentences are not taken for quotations: %j", (text) => {
  expect(splitReply(text)).toStrictEqual({
    new_text: text.trim(),
    quoted_text: "",
    signature: "",
  });
});

const PIECES = [
  ...Object.values(TOP_POSTED),
  NEW,
  MARKED,
  "-- ",
  "--",
  "On ",
  " wrote:",
  "Op schreef ",
  ">",
  "Sent from my iPhone",
  "",
  " ",
  "From:",
  "Sent:",
  "To:",
  "\u2028",
  "________________________________",
];

function visible(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .toSorted();
}

test("no line with something on it is ever lost or doubled", () => {
  const texts = fc
    .array(fc.oneof(fc.constantFrom(...PIECES), fc.string({ unit: "grapheme" })))
    .chain((lines) => fc.constantFrom("\n", "", "\n\n").map((glue) => lines.join(glue)));
  fc.assert(
    fc.property(texts, (text) => {
      const { new_text, quoted_text, signature } = splitReply(text);
      expect(visible([new_text, quoted_text, signature].join("\n"))).toStrictEqual(visible(text));
    }),
    { numRuns: 500 },
  );
});

function timeOf(text: string): number {
  const runs = [0, 1].map(() => {
    const start = performance.now();
    splitReply(text);
    return performance.now() - start;
  });
  return Math.min(...runs);
}

test("splitting takes time in proportion to the text", () => {
  for (const piece of [
    ...PIECES,
    "On 2024 ",
    "Op schreef\nschreef ",
    "a ",
    "> ",
    "From: a\n",
    "-- \n",
    "\n",
    "De: <",
    "W dniu pisze\n",
  ]) {
    const unit = piece === "" ? "\n" : piece;
    const text = unit.repeat(Math.ceil(8_000 / unit.length));
    timeOf(text);
    const once = Math.max(timeOf(text), 5);
    expect(timeOf(text.repeat(10)) / once, JSON.stringify(unit)).toBeLessThan(40);
  }
}, 60_000);
