/** One pass over a text to be sent that finds where a secret or a number could stand; only those places are looked at closely. */
import { findIbans, type NumberFinding, runNumbers } from "./numbers.ts";
import { markedSecrets, type SecretFinding, tokenSecrets } from "./secrets.ts";
import { readInvisibles, visible } from "./text-fold.ts";

/** What a text holds that should perhaps not leave. */
export type TextFinding = SecretFinding | NumberFinding | { family: "hidden_text"; detail: string };

const DIGIT = 1;
const TOKEN = 2;
const SEPARATOR = 4;
const classes = new Uint8Array(128);
for (let code = 33; code < 127; code += 1) {
  const char = String.fromCharCode(code);
  if (/[A-Za-z0-9_+/=.~-]/.test(char)) classes[code] = TOKEN;
  if (/[0-9]/.test(char)) classes[code] = TOKEN | DIGIT;
}
classes[0x20] = SEPARATOR;
classes[0x2d] = TOKEN | SEPARATOR;
classes[0x2e] = TOKEN | SEPARATOR;

const TOKEN_CHARS = 16;
const DIGITS = 9;
const FINDINGS = 50;

/** Where tokens of 16 characters and rows of 9 digits stand, as pairs of positions; and whether all is ASCII. */
function places(text: string): { tokens: number[]; numbers: number[]; ascii: boolean } {
  const tokens: number[] = [];
  const numbers: number[] = [];
  let ascii = true;
  let token = -1;
  let number = -1;
  let numberEnd = 0;
  let digits = 0;
  const { length } = text;
  for (let i = 0; i <= length; i += 1) {
    // Behind the end stands a NUL, which ends both kinds of runs.
    const code = i < length ? text.charCodeAt(i) : 0;
    if (code > 127) ascii = false;
    const kind = code > 127 ? 0 : classes[code];
    if (kind === undefined || (kind === 0 && token < 0 && number < 0)) continue;
    if ((kind & TOKEN) !== 0) {
      if (token < 0) token = i;
    } else if (token >= 0) {
      if (i - token >= TOKEN_CHARS) tokens.push(token, i);
      token = -1;
    }
    if ((kind & DIGIT) !== 0) {
      if (number < 0) number = i;
      numberEnd = i + 1;
      digits += 1;
    } else if (number >= 0 && !((kind & SEPARATOR) !== 0 && i === numberEnd)) {
      if (digits >= DIGITS) numbers.push(number, numberEnd);
      number = -1;
      digits = 0;
    }
  }
  return { tokens, numbers, ascii };
}

/** Secrets, numbers and hidden text of one text; at most 50 findings. Linear; ordinary text costs one pass. */
export function textFindings(written: string): TextFinding[] {
  const found: TextFinding[] = [];
  let text = written;
  let at = places(text);
  if (!at.ascii) {
    found.push(...hiddenText(written));
    // What is invisible or full-width must not hide a number.
    const seen = visible(written);
    if (seen !== written) {
      text = seen;
      at = places(text);
    }
  }
  found.push(...markedSecrets(text));
  for (let i = 0; i < at.tokens.length && found.length < FINDINGS; i += 2) {
    const [start, end] = [at.tokens[i] ?? 0, at.tokens[i + 1] ?? 0];
    // Most long runs are the paths of links; their hosts are checked with the links.
    found.push(...tokenSecrets(text.slice(start, end), text.slice(Math.max(0, start - 60), start)));
    // A Telegram token has a colon inside, which is no token character.
    if (
      text.charCodeAt(start - 1) === 0x3a &&
      /\d{8,10}:$/.test(text.slice(Math.max(0, start - 12), start))
    )
      found.push(...tokenSecrets(text.slice(Math.max(0, start - 11), end), ""));
  }
  for (let i = 0; i < at.numbers.length && found.length < FINDINGS; i += 2) {
    const [start, end] = [at.numbers[i] ?? 0, at.numbers[i + 1] ?? 0];
    if (/[A-Za-z_]/.test(text[start - 1] ?? "")) continue;
    found.push(
      ...runNumbers(text.slice(start, end), text.slice(Math.max(0, start - 60), end + 30)),
    );
  }
  if (at.numbers.length > 0) found.push(...findIbans(text));
  return found;
}

function hiddenText(text: string): TextFinding[] {
  const odd = readInvisibles(text);
  if (odd.tag_text !== "")
    return [{ family: "hidden_text", detail: `${odd.tag_text.length} invisible tag characters` }];
  if (odd.variation_selectors >= 4)
    return [
      {
        family: "hidden_text",
        detail: `${odd.variation_selectors} variation selectors that carry data`,
      },
    ];
  return odd.zero_width >= 3 || odd.bidi_overrides > 0
    ? [{ family: "hidden_text", detail: "zero-width or direction-turning characters inside words" }]
    : [];
}
