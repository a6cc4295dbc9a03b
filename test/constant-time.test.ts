/** Secrets are looked up by their hash or compared in constant time: no comparison of the language, which ends at the first difference, has one on a side. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type Node, type Source, lineOf, nodes, parse, root, sourcesUnder } from "./source.ts";

/** What a value is called that whoever knows it may do something with. */
const secret =
  /(?:secret|token|signature|(?:^|_)h?mac|csrf|password|api_?key|verifier|passphrase|cookie)s?$|^(?:given_?|expected_?|mailed_?|approval_?)code$/i;

/** Called so, and no secrets; each with why. */
const harmless: readonly (readonly [path: string, text: string, why: string])[] = [
  ["src/engine/", "claim.token", "the fencing token of a claim, a number that no caller sends"],
  ["src/engine/results.ts", "result.token", "the same"],
  ["src/screening/secrets.ts", "value === token", "words of a message that is scanned"],
  ["src/mail/identity-verify.ts", "!== signature", "a public signature and its own spelling"],
  ["src/mail/digest.ts", "=== UNSUBSCRIBE_PLACEHOLDER", "a constant that is public"],
  ["src/audit/bundle-mail.ts", "one.token === token", "read from a bundle that holds them all"],
];

const isHarmless = (found: string) =>
  harmless.find(([path, text]) => found.startsWith(path) && found.includes(text));

/** The last name of an identifier, a member or a call: `a.b.token` is `token`. */
function nameOf(node: Node | undefined): string {
  if (node === undefined || node === null) return "";
  if (node.type === "Identifier") return String(node["name"]);
  if (node.type === "MemberExpression") {
    const property = node["property"] as Node;
    return property.type === "Literal" ? String(property["value"]) : nameOf(property);
  }
  if (node.type === "ChainExpression" || node.type === "TSNonNullExpression")
    return nameOf(node["expression"] as Node);
  if (node.type === "AwaitExpression") return nameOf(node["argument"] as Node);
  // What a method of a value answers is as secret as the value: mac.toString("hex"), token.trim().
  if (node.type === "CallExpression") {
    const callee = node["callee"] as Node;
    return callee.type === "MemberExpression" ? nameOf(callee["object"] as Node) : nameOf(callee);
  }
  return "";
}

/** Against a constant nothing can be found out but whether there is something. */
function isConstant(node: Node): boolean {
  if (node.type === "Literal" || node.type === "TemplateLiteral")
    return node.type === "Literal" || (node["expressions"] as Node[]).length === 0;
  return (
    (node.type === "Identifier" && node["name"] === "undefined") ||
    (node.type === "UnaryExpression" && ["typeof", "-"].includes(String(node["operator"])))
  );
}

/** Comparisons with a secret on a side. */
function leaks(source: Source): string[] {
  const found: string[] = [];
  for (const node of nodes(source.tree)) {
    if (node.type !== "BinaryExpression") continue;
    if (!["===", "!==", "==", "!="].includes(String(node["operator"]))) continue;
    const sides = [node["left"] as Node, node["right"] as Node];
    if (sides.some(isConstant)) continue;
    if (sides.some((side) => secret.test(nameOf(side))))
      found.push(
        `${source.path}:${lineOf(source, node)}: ${source.text.slice(node.start, node.end)}`,
      );
  }
  return found;
}

test("no secret is compared by an operator of the language", () => {
  const found = [...sourcesUnder("src"), ...sourcesUnder("sdk/src")]
    .filter(({ path }) => !path.endsWith(".test.ts"))
    .flatMap(leaks);
  expect(found.filter((one) => !isHarmless(one))).toEqual([]);
  // What is excused is still there, else the excuse would cover what comes later.
  const excused = new Set(found.map(isHarmless));
  expect(harmless.filter((one) => !excused.has(one))).toEqual([]);
});

test.each([
  "if (row.token === given.token) enter();",
  "const ok = mac.toString('hex') !== expected;",
  "const ok = csrf_token == form;",
  "const ok = (await read()).signing_secret === theirs;",
  "const ok = hmac?.digest('hex') === signature;",
])("the rule sees %s", (text) => {
  expect(leaks(parse("sample.ts", text))).toHaveLength(1);
});

test.each([
  "token === null",
  "typeof secret === 'string'",
  "token.length !== 43",
  "status === other",
])("the rule lets %s pass", (text) => {
  expect(leaks(parse("sample.ts", text))).toEqual([]);
});

test("the SDK in Python compares signatures by hmac.compare_digest", () => {
  const text = readFileSync(`${root}sdk-python/multimail/webhooks.py`, "utf8");
  expect(text).toContain("compare_digest(");
  expect(text).not.toMatch(/signature\w*\s*[!=]=|[!=]=\s*\w*signature/);
});
