/** What send_email must refuse, field by field, and the field that the answer has to name. */

/** A field, what is wrong with it, its value, and the field named where that is another. */
export type Wrong = [field: string, what: string, value: unknown, named?: string];

/** Stands for a field that is left out. */
export const missing = Symbol("missing");

/** A good attachment. */
export const attachment = { filename: "a.txt", content_type: "text/plain", content: "aGk=" };

const attached = (what: string, change: object, member: string): Wrong => [
  "attachments",
  what,
  [{ ...attachment, ...change }],
  `attachments[0].${member}`,
];

/** One recipient more than a message may have. */
export const fiftyOne = Array.from({ length: 51 }, (_, i) => `r${i}@example.com`);

const labels = (field: "tags" | "metadata"): Wrong[] => [
  [field, "text", "a=b"],
  [field, "a list", ["a"]],
  [field, "null", null],
  [field, "a number in it", { k: 5 }, `${field}.k`],
  [field, "null in it", { k: null }, `${field}.k`],
  [field, "an object in it", { k: {} }, `${field}.k`],
  [field, "a blank in a key", { "a b": "v" }],
  [field, "an empty key", { "": "v" }],
  [field, "a key too long", { ["k".repeat(65)]: "v" }],
  [field, "a line break in a key", { "a\r\nb": "v" }],
  [field, "a value too long", { k: "v".repeat(501) }, `${field}.k`],
  [field, "NUL in a value", { k: "a\0b" }, `${field}.k`],
  [field, "half a surrogate pair in a value", { k: "a\ud800b" }, `${field}.k`],
  [field, "51 keys", Object.fromEntries(fiftyOne.map((_, i) => [`k${i}`, "v"]))],
];

/** Every way to be wrong. */
export const wrongs: Wrong[] = [
  ["to", "missing", missing],
  ["to", "null", null],
  ["to", "a number", 5],
  ["to", "an object", { address: "ada@example.com" }],
  ["to", "an empty list", []],
  ["to", "empty text", "", "to[0]"],
  ["to", "a list of empty text", [""], "to[0]"],
  ["to", "a number in the list", ["ada@example.com", 5]],
  ["to", "null in the list", [null]],
  ["to", "an object in the list", [{ address: "ada@example.com" }]],
  ["to", "no address", ["ada"], "to[0]"],
  ["to", "the second no address", ["ada@example.com", "ada"], "to[1]"],
  ["to", "51 recipients", fiftyOne],
  ["to", "an address too long", [`${"a".repeat(1001)}@example.com`]],
  ["cc", "null", null],
  ["cc", "a number", 5],
  ["cc", "no address", ["ada"], "cc[0]"],
  ["cc", "51 recipients", fiftyOne],
  ["bcc", "null", null],
  ["bcc", "a number", 5],
  ["bcc", "no address", ["grace@example.com", ""], "bcc[1]"],
  ["bcc", "51 recipients", fiftyOne],
  ["cc", "51 recipients together with to", fiftyOne.slice(1), "to"],
  ["reply_to", "null", null],
  ["reply_to", "a list", ["ada@example.com"]],
  ["reply_to", "empty", ""],
  ["reply_to", "two addresses", "a@example.com, b@example.com"],
  ["reply_to", "too long", `${"a".repeat(1001)}@example.com`],
  ["subject", "missing", missing],
  ["subject", "null", null],
  ["subject", "a number", 5],
  ["subject", "empty", ""],
  ["subject", "too long", "x".repeat(999)],
  ["markdown", "missing", missing],
  ["markdown", "null", null],
  ["markdown", "a list", ["x"]],
  ["markdown", "empty", ""],
  ["markdown", "too long to be composed", "x".repeat(500_001)],
  ["markdown", "too long", "x".repeat(1024 * 1024 + 1)],
  ["markdown", "a bell", "ding\x07"],
  ["markdown", "NUL", "a\0b"],
  ["markdown", "half a surrogate pair", "a\udfffb"],
  ["attachments", "text", "x"],
  ["attachments", "null", null],
  ["attachments", "text in the list", ["x"], "attachments[0]"],
  ["attachments", "101 of them", Array.from({ length: 101 }, () => attachment)],
  attached("without a name", { filename: undefined }, "filename"),
  attached("with an empty name", { filename: "" }, "filename"),
  attached("with a name too long", { filename: "x".repeat(256) }, "filename"),
  attached("with a path as name", { filename: "../../etc/passwd" }, "filename"),
  attached("with a Windows path as name", { filename: "a\\b" }, "filename"),
  attached("with .. as name", { filename: ".." }, "filename"),
  attached("with a number as name", { filename: 5 }, "filename"),
  attached("with two different names", { name: "b.txt" }, "name"),
  attached("without content", { content: undefined }, "content"),
  attached("with content that is not base64", { content: "%%%%" }, "content"),
  attached("with content cut off", { content: "aGk" }, "content"),
  attached("with a number as content", { content: 5 }, "content"),
  attached("with two different contents", { content_base64: "aG8=" }, "content_base64"),
  attached("with text as media type", { content_type: "text" }, "content_type"),
  attached(
    "with a parameter in the media type",
    { content_type: "text/plain; name=x" },
    "content_type",
  ),
  attached("with a multipart as media type", { content_type: "multipart/mixed" }, "content_type"),
  attached("with a field that is not known", { path: "/etc/passwd" }, "path"),
  attached("with an address to fetch", { href: "http://127.0.0.1/" }, "href"),
  ["thread_id", "null", null],
  ["thread_id", "a number", 5],
  ["thread_id", "empty", ""],
  ["thread_id", "a blank", "zd 1"],
  ["thread_id", "not ASCII", "zd-ä"],
  ["thread_id", "too long", "x".repeat(201)],
  ...labels("tags"),
  ...labels("metadata"),
  ["idempotency_key", "null", null],
  ["idempotency_key", "a number", 5],
  ["idempotency_key", "too long", "x".repeat(256)],
  ["idempotency_key", "a line break", "a\nb"],
  ["idempotency_key", "not ASCII", "ä"],
  ["mailbox_id", "another one than the path's", "01ARZ3NDEKTSV4RRFFQ69G5FAV"],
];
