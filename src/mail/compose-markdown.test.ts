/** Tests of markdown from a hostile author: bounded work, nothing that loads, nothing that an approver cannot see. */
import PostalMime from "postal-mime";
import { describe, expect, test } from "vitest";
import { compose, ComposeError, UNSUBSCRIBE_PLACEHOLDER } from "./compose.ts";
import type { ComposeInput } from "./compose.ts";
import { composeInput } from "./fixture.ts";
import { MAX_ELEMENTS, MAX_SHOWN, readForShow } from "./read.ts";

async function refusal(over: Partial<ComposeInput>): Promise<ComposeError> {
  const error: unknown = await compose(composeInput(over)).then(
    () => new Error("it was composed"),
    (reason: unknown) => reason,
  );
  if (error instanceof ComposeError) return error;
  throw error;
}

async function parts(markdown: string): Promise<{ text: string; html: string }> {
  const mail = await PostalMime.parse(await compose(composeInput({ markdown })));
  return { text: mail.text ?? "", html: mail.html ?? "" };
}

describe("markdown that asks for endless work", () => {
  test.each([
    [
      "one long reference, linked to 19,990 times",
      `[a]: http://x/${"y".repeat(20_000)}\n\n${"[a] ".repeat(19_990)}`,
      /many times longer/,
    ],
    [
      "a short reference, linked to many times",
      `[a]: http://x/${"y".repeat(900)}\n\n${"[a] ".repeat(2_000)}`,
      /many times longer/,
    ],
    [
      "one long reference of images",
      `[a]: http://x/${"y".repeat(20_000)}\n\n${"![a] ".repeat(20)}`,
      /many times longer/,
    ],
    ["50,000 asterisks on both sides", `${"*".repeat(50_000)}a${"*".repeat(50_000)}`, /marks/],
    ["200 asterisks on both sides", `${"*".repeat(200)}a${"*".repeat(200)}`, /deeper than 30/],
    ["quotes in quotes", `${">".repeat(200)} a`, /deeper than 30/],
    ["lists in lists", `${"- ".repeat(200)}a`, /deeper than 30/],
    ["brackets without end", "[".repeat(500_000), /brackets/],
    ["lines without end", "a\n\n".repeat(150_000), /lines/],
    ["addresses without end", "a@b.co ".repeat(70_000), /addresses/],
    ["elements without end", "*a* ".repeat(25_000), /elements/],
    ["quotation marks that grow sixfold", '"'.repeat(400_000), /1000000 characters/],
  ])("such as %s is refused at once, for the field markdown", async (_, markdown, reason) => {
    const started = performance.now();
    const error = await refusal({ markdown });
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(error.field).toBe("markdown");
    expect(error.reason).toMatch(reason);
  });

  test.each([
    ["[a](", 19_000],
    ["![", 19_000],
    ["[", 19_000],
    ["![a](b)", 9_000],
    ["*a ", 59_000],
    ["*_", 29_000],
    ["`a ", 59_000],
    ["http://a ", 19_000],
    ["a\\\n", 39_000],
    ["- a\n", 39_000],
    ["- - - - - - - - - - - - - - a\\\nb\\\n", 10_000],
    ["999999998. 999999998. 999999998. a\\\nb\n", 10_000],
    [">>>>>>>>>>>>>>>>>>>>>>>>>>>> a\nb\n", 10_000],
  ])("such as %j repeated %i times is answered soon", async (piece, times) => {
    const started = performance.now();
    await compose(composeInput({ markdown: piece.repeat(times) })).catch((error: unknown) => {
      expect(error).toBeInstanceOf(ComposeError);
    });
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  test("does not take a long ordinary letter with it", async () => {
    const row = "| 1 | [Item](https://shop.example/items/1) | **12.00** |\n";
    const markdown = `# Order\n\n| n | what | price |\n|--|--|--|\n${row.repeat(2_000)}\n${"A paragraph of words.\n\n".repeat(3_000)}`;
    const { text, html } = await parts(markdown);
    expect(text.split("Item (https://shop.example/items/1)")).toHaveLength(2_001);
    expect(html.split("A paragraph of words.")).toHaveLength(3_001);
  });
});

describe("what is composed is what is shown", () => {
  test("a text part longer than the HTML it comes from is refused rather than cut", async () => {
    const markdown = `${"999999998. ".repeat(14)}${"a\\\n".repeat(15_000)}a`;
    expect((await refusal({ markdown })).reason).toMatch(/1000000 characters in the mail/);
  });

  test("a message with more elements than are shown is refused, with those of the footer counted", async () => {
    const markdown = (times: number): Partial<ComposeInput> => ({ markdown: "*a* ".repeat(times) });
    const shown = await readForShow(await compose(composeInput(markdown(MAX_ELEMENTS - 50))));
    expect(shown.truncated).toBe(false);
    expect((await refusal(markdown(MAX_ELEMENTS - 3))).reason).toMatch(
      /20000 elements in the mail/,
    );
  });

  test("the longest message that is accepted is shown to its end", async () => {
    const shown = await readForShow(
      await compose(composeInput({ markdown: `${"words and ".repeat(49_990)}the end` })),
    );
    expect(shown.truncated).toBe(false);
    expect(shown.text.length).toBeLessThanOrEqual(MAX_SHOWN);
    for (const part of [shown.text, shown.html_safe]) expect(part).toContain("the end");
  });

  test("a message larger than 40 MiB is refused", async () => {
    const content = Buffer.alloc(31 * 1024 * 1024);
    const attachments = [{ filename: "a", content_type: "application/octet-stream", content }];
    expect((await refusal({ attachments })).reason).toMatch(/larger than/);
  });
});

describe("an image in markdown", () => {
  test("is a link to it in both parts, so that nothing loads that was not approved", async () => {
    const { text, html } = await parts(
      'See ![the *logo*](https://evil.example/a.png "t") and ![r]\n\n[r]: https://evil.example/r.png',
    );
    expect(html).not.toMatch(/<img/i);
    expect(html).toContain(
      '<a href="https://evil.example/a.png" title="t">[image: the <em>logo</em>]</a>',
    );
    expect(html).toContain('<a href="https://evil.example/r.png">[image: r]</a>');
    expect(text).toContain("[image: the logo] (https://evil.example/a.png)");
    expect(text).toContain("[image: r] (https://evil.example/r.png)");
  });

  test("inside a link is its words, and the link stays", async () => {
    const { text, html } = await parts(
      "[![badge](https://evil.example/b.png)](https://example.com/) ![d](data:image/png;base64,AAAA)",
    );
    expect(html).not.toMatch(/<img|evil\.example/i);
    expect(html).toContain('<a href="https://example.com/"><span>[image: badge]</span></a>');
    expect(html).toContain("[image: d]");
    expect(text).toContain("[image: badge] (https://example.com/)");
  });

  test("that is none stays text", async () => {
    expect((await parts("Wow ![not (an image) ![]")).text).toContain("Wow ![not (an image) ![]");
  });
});

describe("the placeholder", () => {
  const [first = "", ...rest] = UNSUBSCRIBE_PLACEHOLDER;
  const entity = `&#${first.charCodeAt(0)};${rest.join("")}`;

  test.each([
    ["markdown", { markdown: `[a](http://evil.example/?t=${entity})` }],
    ["markdown", { markdown: `a ${entity}` }],
    ["markdown", { markdown: `\`\`\`${entity}\na\n\`\`\`` }],
    ["markdown", { markdown: `[a](http://evil.example/?t=\\_${entity})` }],
    ["html", { html: `<a href="http://evil.example/?t=${entity}">a</a>` }],
  ] as [string, Partial<ComposeInput>][])(
    "written as an entity into %s is refused, as it would carry the token of each recipient elsewhere",
    async (field, over) => {
      expect((await refusal(over)).field).toBe(field);
    },
  );

  test("may stand in the address for unsubscribing by mail", async () => {
    const url = `https://mail.example.com/u/${UNSUBSCRIBE_PLACEHOLDER}`;
    const mailto = `stop+${UNSUBSCRIBE_PLACEHOLDER}@example.com?subject=${UNSUBSCRIBE_PLACEHOLDER}`;
    expect((await compose(composeInput({ unsubscribe: { url, mailto } }))).length).toBeGreaterThan(
      0,
    );
  });
});
