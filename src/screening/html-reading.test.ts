/** Tests of reading HTML: what a person sees and what not. */
import { describe, expect, test } from "vitest";
import { readHtml } from "./html-reading.ts";

describe("hidden text is told from shown text", () => {
  test.each([
    '<p style="display:none">X</p>',
    '<p style="DISPLAY : None !important">X</p>',
    '<p style="display:/**/none">X</p>',
    "<p hidden>X</p>",
    "<p style='visibility:hidden'>X</p>",
    "<p style=font-size:0>X</p>",
    '<p style="font-size:1px">X</p>',
    '<p style="opacity:0">X</p>',
    '<p style="color:#ffffff">X</p>',
    '<p style="color:rgb(250,255,255)">X</p>',
    '<font color="white">X</font>',
    '<td bgcolor="#000"><span style="color:black">X</span></td>',
    '<p style="color:transparent">X</p>',
    '<p style="text-indent:-9999px">X</p>',
    '<p style="position:absolute;left:-5000px">X</p>',
    '<p style="overflow:hidden;max-height:0">X</p>',
    '<style>.a{display:none}</style><p class="b a">X</p>',
    "<style>#q{font-size:0}</style><p id=q>X</p>",
    '<div style="display:none"><p><b>X</b></p></div>',
  ])("hidden: %s", (html) => {
    const { hidden, shown } = readHtml(`${html}<p>seen</p>`);
    expect(hidden).toContain("X");
    expect(shown).not.toContain("X");
    expect(shown).toContain("seen");
  });

  test.each([
    '<td bgcolor="#0055aa"><a style="color:#ffffff">X</a></td>',
    '<a style="background:#06c;color:white">X</a>',
    "<style>@media screen{.a{display:none}}</style><p class=a>X</p>",
    '<div style="display:none">y</div><p>X</p>',
    '<p style="font-size:11px;color:#999">X</p>',
    '<p title="a>b">X</p>',
  ])("shown: %s", (html) => {
    expect(readHtml(html).shown).toContain("X");
  });
});

test("links, comments, labels, fields and pictures are read", () => {
  const read = readHtml(
    '<A HREF=" https://a.example/?x=1&amp;y=2 ">go <b>now</b></A><!-- note --><img alt="pic" src=x width="1"><form><input type=password></form><script>no</script>',
  );
  expect(read.links).toEqual([{ href: "https://a.example/?x=1&y=2", text: "go now" }]);
  expect(read).toMatchObject({ forms: 1, password_fields: 1, scripts: 1, labels: "pic" });
  expect(read.comments).toContain("note");
  expect(read.images).toEqual([{ src: "x", tiny: true }]);
  expect(read.shown).not.toContain("no<");
});

test("limits are told", () => {
  expect(readHtml("<a href=x>".repeat(501)).capped).toBe(true);
  expect(readHtml("<div>".repeat(201)).capped).toBe(true);
  expect(readHtml(" ".repeat(1_000_001)).capped).toBe(true);
  expect(readHtml("<p>fine</p>").capped).toBe(false);
});
