/** Inline styles and simple style sheets, as far as they decide whether text is seen. */

/** What of an element's style matters: declarations of its own, and the colours it shows with. */
export interface Paint {
  own: Map<string, string>;
  color: string;
  background: string;
}

const SHEET_CHARS = 100_000;

/** Declarations of a style attribute or rule, names and values in lower case; at most 60. */
export function declarations(style: string): Map<string, string> {
  const found = new Map<string, string>();
  const clean = style
    .slice(0, 4000)
    .toLowerCase()
    .replace(/\/\*[^*]*\*\//g, "");
  for (const one of clean.split(";", 60)) {
    const colon = one.indexOf(":");
    if (colon < 1) continue;
    const value = one.slice(colon + 1).trim();
    found.set(
      one.slice(0, colon).trim(),
      value.endsWith("!important") ? value.slice(0, -10).trim() : value,
    );
  }
  return found;
}

/** Rules of style sheets that stand outside of any at-rule, by `.class` and `#id`; at most 300. */
export function sheetClasses(lowerHtml: string): Map<string, Map<string, string>> {
  const rules = new Map<string, Map<string, string>>();
  let at = lowerHtml.indexOf("<style");
  let budget = SHEET_CHARS;
  while (at >= 0 && budget > 0) {
    const start = lowerHtml.indexOf(">", at);
    if (start < 0) break;
    const end = lowerHtml.indexOf("</style", start);
    const sheet = lowerHtml.slice(start + 1, end < 0 ? undefined : end).slice(0, budget);
    budget -= sheet.length + 1;
    readSheet(sheet, rules);
    if (end < 0) break;
    at = lowerHtml.indexOf("<style", end);
  }
  return rules;
}

function readSheet(sheet: string, rules: Map<string, Map<string, string>>): void {
  let at = 0;
  while (at < sheet.length && rules.size < 300) {
    const open = sheet.indexOf("{", at);
    if (open < 0) return;
    const selector = sheet.slice(at, open).slice(-300).trim();
    let end = sheet.indexOf("}", open);
    if (end < 0) end = sheet.length;
    if (selector.includes("@") && !selector.includes("@import")) {
      // Inside @media lies what shows on some screens only; it hides nothing for all.
      at = skipBlock(sheet, open);
      continue;
    }
    const body = declarations(sheet.slice(open + 1, end));
    for (const one of selector.split(",", 20)) {
      const last = /[.#][\w-]{1,60}$/.exec(one.trim().slice(-61))?.[0];
      if (last !== undefined && !/[\s>+~]/.test(one.trim())) rules.set(last, body);
    }
    at = end + 1;
  }
}

function skipBlock(sheet: string, open: number): number {
  let depth = 0;
  for (let i = open; i < sheet.length; i += 1) {
    if (sheet[i] === "{") depth += 1;
    else if (sheet[i] === "}" && (depth -= 1) === 0) return i + 1;
  }
  return sheet.length;
}

/** The style that an element has by its attributes and its classes, with colours of its parent where it sets none. */
export function paintOf(
  tag: string,
  attributes: Map<string, string>,
  classes: Map<string, Map<string, string>>,
  parent: Paint | null,
): Paint {
  const own = new Map<string, string>();
  if (classes.size > 0) {
    const names = (attributes.get("class") ?? "").toLowerCase().split(/\s+/, 10);
    const keys = [
      ...names.map((one) => `.${one}`),
      `#${(attributes.get("id") ?? "").toLowerCase()}`,
    ];
    for (const key of keys)
      for (const [name, value] of classes.get(key) ?? []) own.set(name, value);
  }
  const style = attributes.get("style");
  if (style !== undefined) for (const [name, value] of declarations(style)) own.set(name, value);
  if (tag === "font" && attributes.has("color")) own.set("color", attributes.get("color") ?? "");
  const back =
    own.get("background-color") ?? own.get("background") ?? attributes.get("bgcolor") ?? null;
  return {
    own,
    color: own.has("color") ? colour(own.get("color") ?? "") : (parent?.color ?? "000000"),
    background:
      back === null ? (parent?.background ?? "ffffff") : colour(back.split(" ", 1)[0] ?? ""),
  };
}

const colourNames: Record<string, string> = { white: "ffffff", black: "000000", snow: "fffafa" };

function colour(value: string): string {
  const plain = value.trim().toLowerCase();
  if (plain in colourNames) return colourNames[plain] ?? plain;
  const hex = /^#([0-9a-f]{3}|[0-9a-f]{6})$/.exec(plain)?.[1];
  if (hex !== undefined) return hex.length === 3 ? [...hex].map((one) => one + one).join("") : hex;
  const rgb =
    /^rgba?\((\d{1,3})[ ,]{1,3}(\d{1,3})[ ,]{1,3}(\d{1,3})(?:[ ,/]{1,3}([\d.]{1,6}))?\)$/.exec(
      plain,
    );
  if (rgb === null) return plain;
  if (rgb[4] !== undefined && Number(rgb[4]) < 0.05) return "transparent";
  return rgb
    .slice(1, 4)
    .map((one) => Math.min(255, Number(one)).toString(16).padStart(2, "0"))
    .join("");
}

/** True where a person does not see text of an element with this style. */
export function hiddenByStyle({ own, color, background }: Paint): boolean {
  if (own.size === 0) return false;
  if (own.get("display") === "none" || own.get("mso-hide") === "all") return true;
  if (/^(hidden|collapse)$/.test(own.get("visibility") ?? "")) return true;
  if (size(own.get("font-size")) <= 1.5) return true;
  if (own.has("opacity") && Number.parseFloat(own.get("opacity") ?? "1") < 0.06) return true;
  if (own.has("color") && (color === "transparent" || alike(color, background))) return true;
  if (size(own.get("text-indent")) <= -100) return true;
  if (/^(absolute|fixed|relative)$/.test(own.get("position") ?? ""))
    for (const side of ["left", "top", "right", "bottom", "margin-left"])
      if (size(own.get(side)) <= -400) return true;
  const clipped = /hidden|clip/.test(own.get("overflow") ?? "");
  if (clipped)
    for (const side of ["height", "max-height", "width", "max-width"])
      if (size(own.get(side)) <= 1) return true;
  if (/^rect\((0|1px)[ ,]/.test(own.get("clip") ?? "")) return true;
  return /scale\(0(\.0)?\)/.test(own.get("transform") ?? "");
}

/** Pixels, roughly; infinite where not said, so that every comparison with a limit is false. */
function size(value: string | undefined): number {
  const match = /^(-?\d{0,6}(?:\.\d{1,6})?)(px|pt|em|rem|%|vw|vh)?$/.exec(value?.trim() ?? "");
  if (match === null || match[1] === "" || match[1] === "-") return Number.POSITIVE_INFINITY;
  const amount = Number(match[1]);
  return match[2] === "em" || match[2] === "rem" ? amount * 16 : amount;
}

/** Two hex colours that no eye tells apart: each channel within 10 of 255. */
function alike(a: string, b: string): boolean {
  if (!/^[0-9a-f]{6}$/.test(a) || !/^[0-9a-f]{6}$/.test(b)) return a !== "" && a === b;
  return [0, 2, 4].every(
    (at) =>
      Math.abs(
        Number.parseInt(a.slice(at, at + 2), 16) - Number.parseInt(b.slice(at, at + 2), 16),
      ) <= 10,
  );
}
