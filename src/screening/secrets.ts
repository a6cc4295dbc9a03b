/** Secrets in text: keys of common services, private keys, tokens, passwords in URLs, high-entropy values beside telling words. */

/** Families of secrets; own keys and private keys are never meant to be mailed. */
export type SecretFamily =
  | "own_keys"
  | "private_keys"
  | "secrets"
  | "url_passwords"
  | "high_entropy";

/** One secret, masked: at most the first 4 and last 2 characters are told. */
export interface SecretFinding {
  family: SecretFamily;
  detail: string;
}

// Each alternative is a fixed prefix and one bounded class: linear.
const services: readonly [RegExp, string][] = [
  [/(?<![A-Z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}(?![A-Z0-9])/, "AWS access key id"],
  [/gh[pousr]_[A-Za-z0-9]{30,255}|github_pat_[A-Za-z0-9_]{40,255}/, "GitHub token"],
  [/glpat-[A-Za-z0-9_-]{20,64}/, "GitLab token"],
  [/sk-ant-[A-Za-z0-9_-]{20,200}/, "Anthropic key"],
  [/(?<![A-Za-z0-9])sk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{32,200}/, "OpenAI key"],
  [/(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,255}|whsec_[A-Za-z0-9+/=]{24,100}/, "Stripe secret"],
  [/xox[abeoprs]-[A-Za-z0-9-]{10,250}|xapp-[A-Za-z0-9-]{20,250}/, "Slack token"],
  [/AIza[A-Za-z0-9_-]{35}/, "Google API key"],
  [/GOCSPX-[A-Za-z0-9_-]{20,40}|ya29\.[A-Za-z0-9_-]{30,500}/, "Google OAuth secret"],
  [/SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{30,64}/, "SendGrid key"],
  [/(?<![A-Za-z0-9])re_[A-Za-z0-9]{8}_[A-Za-z0-9]{16,40}/, "Resend key"],
  [/(?<![A-Za-z0-9])key-[0-9a-f]{32}(?![0-9a-f])/, "Mailgun key"],
  [/(?<![A-Za-z0-9])(?:SK|AC)[0-9a-f]{32}(?![0-9a-f])/, "Twilio key"],
  [/npm_[A-Za-z0-9]{36}/, "npm token"],
  [/pypi-[A-Za-z0-9_-]{50,300}/, "PyPI token"],
  [/dop_v1_[0-9a-f]{64}/, "DigitalOcean token"],
  [/hf_[A-Za-z0-9]{30,50}/, "Hugging Face token"],
  [/shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}/, "Shopify token"],
  [/EAAC[A-Za-z0-9]{80,300}/, "Meta token"],
  [/sq0(?:atp|csp)-[A-Za-z0-9_-]{20,50}/, "Square token"],
  [/(?:pat|key)[A-Za-z0-9]{14}\.[0-9a-f]{64}/, "Airtable token"],
  [/(?<![A-Za-z0-9])\d{8,10}:AA[A-Za-z0-9_-]{33}/, "Telegram bot token"],
  [
    /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{10,4000}\.eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{10,4000}/,
    "JSON Web Token",
  ],
  [/hvs\.[A-Za-z0-9_-]{24,200}/, "Vault token"],
  [/AGE-SECRET-KEY-1[A-Z0-9]{58}/, "age secret key"],
];

const own = /mm_(?:live|test)_[A-Za-z0-9_-]{16,128}/;
// Words without which none of the services above can match.
const prefixes =
  /AKIA|ASIA|ABIA|ACCA|gh[pousr]_|github_pat|glpat-|sk-|[sr]k_|whsec_|xox|xapp-|AIza|GOCSPX|ya29|SG\.|re_|key|SK|AC|npm_|pypi-|dop_v1|hf_|shp|EAAC|sq0|pat|:AA|eyJ|hvs\.|AGE-SEC/;
const pem =
  /-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----|PuTTY-User-Key-File-\d|openssh-key-v1\0/;
const urlPassword =
  /[a-z][a-z0-9+.-]{1,20}:\/\/[^\s/:@?#<>"']{0,100}:([^\s/@?#<>"']{3,200})@[^\s/:@]{1,253}/i;
const placeholder =
  /^(?:x+|\*+|\.+|<.*|\$\{?.*|%.*|password|pass|passwd|pwd|secret|user(?:name)?|your.*|changeme|example|…)$/i;
const beside =
  /(?:^|[^a-z])(?:api[ _-]?keys?|access[ _-]?keys?|secret(?:[ _-]?(?:access[ _-]?)?key)?|client[ _-]?secret|private[ _-]?key|auth(?:orization)?|bearer|token|credentials?|password|passwd|pwd|passwort|kennwort|passphrase|schlüssel|contraseña|clave|mot de passe|clé|senha|chiave|пароль|密码|密钥|パスワード)["'`*]{0,3}\s{0,3}(?:is|ist|est|es|lautet|für|for)?\s{0,3}[:=]?[>\s"'`*]{0,4}$/iu;

/** A masked form that lets its owner recognise a secret, and nobody use it. */
export function masked(secret: string): string {
  const [head, tail] = secret.length >= 20 ? [4, 2] : [secret.length >= 10 ? 2 : 0, 0];
  return `${secret.slice(0, head).replace(/[^\x21-\x7e]/g, "·")}…${tail > 0 ? secret.slice(-tail).replace(/[^\x21-\x7e]/g, "·") : ""} (${secret.length} characters)`;
}

/** Secrets of one long run of token characters; `before` is what stands before it, at most 60 characters. */
export function tokenSecrets(token: string, before: string): SecretFinding[] {
  const found: SecretFinding[] = [];
  const mine = own.exec(token)?.[0];
  if (mine !== undefined)
    found.push({ family: "own_keys", detail: `a MultiMail key ${masked(mine)}` });
  if (prefixes.test(token))
    for (const [pattern, what] of services) {
      const match = pattern.exec(token)?.[0];
      if (match === undefined) continue;
      found.push({ family: "secrets", detail: `${what} ${masked(match)}` });
      break;
    }
  if (found.length === 0) found.push(...encodedSecrets(token));
  // Links to confirm or to sign in carry tokens that are meant for their reader.
  const inUrl = /:\/\/\S*$/.test(before);
  const equals = token.indexOf("=");
  const value = equals > 0 && equals < token.length - 8 ? token.slice(equals + 1) : token;
  const words = value === token ? before : before + token.slice(0, equals + 1);
  if (found.length === 0 && !inUrl && beside.test(words.slice(-60)) && isRandom(value))
    found.push({
      family: "high_entropy",
      detail: `a random value beside a telling word ${masked(token)}`,
    });
  return found;
}

function encodedSecrets(token: string): SecretFinding[] {
  if (token.length < 32 || !/[A-Z]/.test(token) || !/[a-z]/.test(token)) return [];
  const decoded = Buffer.from(token.slice(0, 4096), "base64").toString("latin1");
  if (own.test(decoded)) return [{ family: "own_keys", detail: "a MultiMail key in base64" }];
  return pem.test(decoded) || decoded.startsWith("openssh-key-v1\0")
    ? [{ family: "private_keys", detail: "a private key in base64" }]
    : [];
}

const stated =
  /(?<![a-z])(?:password|passwort|kennwort|contraseña|mot de passe|senha|пароль|密码|パスワード)\s{0,2}(?:is|ist|est|es|lautet|[:=：])\s{0,2}["'`*]{0,3}([^\s"'`*<>,;]{6,64})/giu;

/** Private keys and passwords in URLs, and stated passwords, which are no single token. */
export function markedSecrets(text: string): SecretFinding[] {
  const found: SecretFinding[] = [];
  if ((text.includes("PRIVATE KEY") || text.includes("PuTTY-User")) && pem.test(text))
    found.push({ family: "private_keys", detail: "a private key" });
  if (text.includes("://") && text.includes("@")) {
    const match = urlPassword.exec(text);
    if (match !== null && !placeholder.test(match[1] ?? ""))
      found.push({
        family: "url_passwords",
        detail: `a URL with a password ${masked(match[1] ?? "")}`,
      });
  }
  if (/passw|kennw|contrase|mot de p|senha|парол|密码|パスワ/i.test(text))
    for (const match of text.matchAll(stated)) {
      const value = match[1] ?? "";
      if (!/\d/.test(value) || !/\p{L}/u.test(value) || /:\/\//.test(value)) continue;
      found.push({ family: "secrets", detail: `a stated password ${masked(value)}` });
      break;
    }
  return found;
}

/** Shannon entropy above 3.5 bits a character and at least two kinds of characters: no word, no path, no UUID-less name. */
function isRandom(token: string): boolean {
  const value = token.slice(0, 256).replace(/^[=/+.~-]+|[.~=]{1,3}$/g, "");
  if (value.length < 16 || value.includes("//")) return false;
  const kinds = [/[a-z]/, /[A-Z]/, /[0-9]/].filter((kind) => kind.test(value)).length;
  if (kinds < 2) return false;
  const counts = new Map<string, number>();
  for (const char of value) counts.set(char, (counts.get(char) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values())
    bits -= (count / value.length) * Math.log2(count / value.length);
  return bits > (/^[0-9a-f-]+$/i.test(value) ? 2.8 : 3.3);
}
