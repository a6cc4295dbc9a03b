/** Numbers that belong to persons: payment cards, IBANs, national identity numbers, each proven by its checksum. */

/** One number, masked to its last four characters. */
export interface NumberFinding {
  family: "cards" | "bank_accounts" | "national_ids";
  detail: string;
}

const last4 = (digits: string) => `…${digits.slice(-4)}`;

/** The Luhn checksum (ISO/IEC 7812-1 annex B). */
export function luhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i += 1) {
    let digit = digits.charCodeAt(digits.length - 1 - i) - 48;
    if (i % 2 === 1 && (digit *= 2) > 9) digit -= 9;
    sum += digit;
  }
  return sum % 10 === 0;
}

const issuers: readonly [RegExp, string][] = [
  [/^4(?:\d{12}|\d{15}|\d{18})$/, "Visa"],
  [/^(?:5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12})$/, "Mastercard"],
  [/^3[47]\d{13}$/, "American Express"],
  [/^(?:6011|65\d\d|64[4-9]\d)\d{12}$/, "Discover"],
  [/^3(?:0[0-5]|[689]\d)\d{11}$/, "Diners Club"],
  [/^35(?:2[89]|[3-8]\d)\d{12}$/, "JCB"],
  [/^62\d{14,17}$/, "UnionPay"],
  [/^(?:50|5[6-9]|6[0-9])\d{14,17}$/, "Maestro"],
];

/** The issuer of a card number, or null where it is none. All-equal digits are none. */
export function cardIssuer(digits: string): string | null {
  if (digits.length < 13 || digits.length > 19 || /^(\d)\1+$/.test(digits)) return null;
  const issuer = issuers.find(([range]) => range.test(digits))?.[1] ?? null;
  return issuer !== null && luhn(digits) ? issuer : null;
}

/** ISO 13616: mod-97 of an IBAN without blanks. */
export function isIban(value: string): boolean {
  if (!/^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/.test(value)) return false;
  let rest = 0;
  for (const char of value.slice(4) + value.slice(0, 4)) {
    const code = char >= "A" ? char.charCodeAt(0) - 55 : char.charCodeAt(0) - 48;
    rest = (rest * (code > 9 ? 100 : 10) + code) % 97;
  }
  return rest === 1;
}

const ibans = /(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30}(?![a-z0-9])/g;
const ssn = /(?<![\d-])(?!000|666|9\d\d)\d{3}([- ])(?!00)\d{2}\1(?!0000)\d{4}(?![\d-])/g;
const ssnWord = /\b(?:ssn|social security|tax ?id|itin|taxpayer)\b/i;

/** IBANs. Blanks and hyphens between groups are allowed. */
export function findIbans(text: string): NumberFinding[] {
  const found: NumberFinding[] = [];
  for (const [match] of text.matchAll(ibans)) {
    if (found.length >= 10) break;
    const groups = match.replace(/[ -]/g, "");
    // A word in capitals behind the number belongs to the match and not to the number.
    for (let end = groups.length; end >= 15; end -= 1)
      if (isIban(groups.slice(0, end))) {
        found.push({
          family: "bank_accounts",
          detail: `an IBAN ${groups.slice(0, 2)}${last4(groups.slice(0, end))}`,
        });
        break;
      }
  }
  return found;
}

/** Cards and identity numbers in one run of digits and separators. `around` is the text near it, for the words that name it. */
export function runNumbers(run: string, around: string): NumberFinding[] {
  const found: NumberFinding[] = [];
  const digits = run.replace(/\D/g, "");
  const groups = run.trim().split(/[ .\-\u00a0]+/);
  const card = digits.length <= 19 ? cardIssuer(digits) : cardAmong(groups);
  if (card !== null)
    found.push({ family: "cards", detail: `a ${card} card number ${last4(digits)}` });
  if (card === null)
    for (const [match, separator] of run.matchAll(ssn))
      if (separator === "-" || ssnWord.test(around))
        found.push({
          family: "national_ids",
          detail: `a US social security number ${last4(match)}`,
        });
  const named = found.length === 0 ? namedId(digits, around) : null;
  if (named !== null)
    found.push({ family: "national_ids", detail: `${named} …${digits.slice(-2)}` });
  return found;
}

/** Neighbouring groups of a long row of numbers that make a card number. */
function cardAmong(groups: string[]): string | null {
  for (let from = 0; from < groups.length && from < 200; from += 1) {
    let joined = "";
    for (let to = from; to < groups.length && joined.length < 19; to += 1) {
      joined += groups[to] ?? "";
      const issuer = cardIssuer(joined);
      if (issuer !== null) return issuer;
    }
  }
  return null;
}

/** National numbers that are bare digits are only looked at where a word names them. */
function namedId(digits: string, around: string): string | null {
  if (digits.length === 9 && ssnWord.test(around) && !/^(?:000|666|9)/.test(digits))
    return "a US social security number";
  if (
    digits.length === 11 &&
    /steuer-?id|identifikationsnummer|steuerliche/i.test(around) &&
    mod11Ten(digits)
  )
    return "a German tax number";
  if (
    digits.length === 11 &&
    /\bpesel\b/i.test(around) &&
    weighted(digits, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]) % 10 === 0
  )
    return "a Polish PESEL";
  if (digits.length === 11 && /\bcpf\b/i.test(around) && cpf(digits)) return "a Brazilian CPF";
  if (
    digits.length === 9 &&
    /\bbsn\b|burgerservice/i.test(around) &&
    weighted(digits, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0
  )
    return "a Dutch BSN";
  if (
    digits.length === 15 &&
    /sécurité sociale|\bnir\b|numéro de sécu/i.test(around) &&
    nir(digits)
  )
    return "a French social security number";
  if (digits.length === 12 && /aadhaar/i.test(around)) return "an Aadhaar number";
  if (digits.length === 10 && /\bnhs\b/i.test(around)) return "an NHS number";
  return null;
}

function weighted(digits: string, weights: readonly number[]): number {
  return weights.reduce((sum, weight, i) => sum + weight * (digits.charCodeAt(i) - 48), 0);
}

function mod11Ten(digits: string): boolean {
  let product = 10;
  for (const digit of digits.slice(0, 10)) {
    const sum = (Number(digit) + product) % 10 || 10;
    product = (sum * 2) % 11;
  }
  return (11 - product) % 10 === Number(digits[10]);
}

function cpf(digits: string): boolean {
  const check = (length: number) =>
    ((weighted(
      digits,
      Array.from({ length }, (_, i) => length + 1 - i),
    ) *
      10) %
      11) %
    10;
  return check(9) === Number(digits[9]) && check(10) === Number(digits[10]);
}

function nir(digits: string): boolean {
  return 97n - (BigInt(digits.slice(0, 13)) % 97n) === BigInt(digits.slice(13));
}
