/** What the inline style of a stranger's element does to the sight of its text. */

/** How text stands where it is: what decides whether anybody sees it. */
export interface Sight {
  color: string;
  background: string;
  tiny: boolean;
  invisible: boolean;
}

export const ORDINARY: Sight = {
  color: "000000",
  background: "ffffff",
  tiny: false,
  invisible: false,
};

const MAX_STYLE = 4_096;
const MAX_DECLARATIONS = 100;

const COLORS: Readonly<Record<string, string>> = {
  white: "ffffff",
  black: "000000",
  snow: "fffafa",
  ivory: "fffff0",
  whitesmoke: "f5f5f5",
  ghostwhite: "f8f8ff",
};

// A mail repeats few styles many times.
const MAX_REMEMBERED = 500;
const remembered = new Map<string, Map<string, string>>();

function declarationsOf(style: string): Map<string, string> {
  const known = remembered.get(style);
  if (known) return known;
  const declarations = readDeclarations(style);
  if (remembered.size >= MAX_REMEMBERED) remembered.clear();
  if (style.length <= 1_000) remembered.set(style, declarations);
  return declarations;
}

function readDeclarations(style: string): Map<string, string> {
  const declarations = new Map<string, string>();
  const text = style
    .slice(0, MAX_STYLE)
    .replaceAll(/\\([0-9a-fA-F]{1,6})[ \t\n]?/g, (_all, hex: string) => {
      const code = Number.parseInt(hex, 16);
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : "";
    })
    .replaceAll(/\/\*[^*]*\*\//g, " ")
    .toLowerCase();
  for (const declaration of text.split(";", MAX_DECLARATIONS)) {
    const colon = declaration.indexOf(":");
    if (colon < 0) continue;
    const value = declaration
      .slice(colon + 1)
      .replace("!important", "")
      .trim();
    declarations.set(declaration.slice(0, colon).trim(), value);
  }
  return declarations;
}

/** A colour as six hex digits; "transparent" where nothing of it is seen; null where it is not known. */
function colorOf(text: string | undefined): string | null {
  if (text === undefined || text === "") return null;
  const value = text.trim().toLowerCase();
  if (value === "transparent") return "transparent";
  if (Object.hasOwn(COLORS, value)) return COLORS[value] ?? null;
  const hex = /^#?([0-9a-f]{6}|[0-9a-f]{3})$/.exec(value)?.[1];
  if (hex !== undefined) return hex.length === 6 ? hex : hex.replaceAll(/./g, "$&$&");
  const parts = /^rgba?\(([^()]{1,60})\)$/.exec(value)?.[1]?.split(/[,/ ]+/) ?? [];
  const numbers = parts.filter((part) => part !== "").map(Number);
  if (numbers.length < 3 || numbers.some((number) => !Number.isFinite(number))) return null;
  if (numbers.length > 3 && (numbers[3] ?? 1) < 0.05) return "transparent";
  return numbers
    .slice(0, 3)
    .map((number) =>
      Math.min(255, Math.max(0, Math.round(number)))
        .toString(16)
        .padStart(2, "0"),
    )
    .join("");
}

/** True where two colours cannot be told apart by eye: each channel within 12 of 255. */
function alike(a: string, b: string): boolean {
  if (a === b) return true;
  if (a.length !== 6 || b.length !== 6) return false;
  return [0, 2, 4].every(
    (at) =>
      Math.abs(
        Number.parseInt(a.slice(at, at + 2), 16) - Number.parseInt(b.slice(at, at + 2), 16),
      ) <= 12,
  );
}

/** A size in pixels, near enough; null where it is relative to something unknown. */
function sizeOf(value: string | undefined): number | null {
  const size = /^(-?[0-9]{0,6}(?:\.[0-9]{0,6})?)(px|pt|em|rem|%|)$/.exec(value ?? "");
  if (!size || size[1] === "" || size[1] === undefined) return null;
  const scale = { em: 16, rem: 16, "%": 0.16 }[size[2] ?? ""] ?? 1;
  return Number(size[1]) * scale;
}

function isNothing(value: string | undefined): boolean {
  const size = sizeOf(value);
  return size !== null && size <= 1;
}

/** True where the element and all in it is hidden, whatever stands inside. */
function hidesAll(declarations: Map<string, string>): boolean {
  const value = (name: string): string => declarations.get(name) ?? "";
  if (value("display") === "none" || value("content-visibility") === "hidden") return true;
  if (value("mso-hide") === "all") return true;
  const opacity = value("opacity");
  if (opacity !== "" && Number.parseFloat(opacity) <= (opacity.endsWith("%") ? 5 : 0.05))
    return true;
  const clipped = /^(?:hidden|clip)/.test(value("overflow"));
  const flat = ["height", "max-height", "width", "max-width"].some((name) =>
    isNothing(declarations.get(name)),
  );
  if (clipped && flat) return true;
  if (/^rect\((?:0|1px)/.test(value("clip")) || /^scale\(0(?:\.0*)?\)/.test(value("transform")))
    return true;
  const indent = sizeOf(declarations.get("text-indent"));
  if (indent !== null && indent <= -500) return true;
  if (!/^(?:absolute|fixed)$/.test(value("position"))) return false;
  return ["left", "top", "right", "bottom"].some((name) => {
    const offset = sizeOf(declarations.get(name));
    return offset !== null && offset <= -500;
  });
}

/**
 * How text inside an element is seen, `around` being how it is seen outside; null where the element hides all in it.
 * Only inline styles and old attributes are read: what style sheets hide is left to whoever screens the raw HTML.
 */
export function sightInside(attributes: Record<string, string>, around: Sight): Sight | null {
  if ("hidden" in attributes) return null;
  const { style, color, bgcolor } = attributes;
  if (style === undefined && color === undefined && bgcolor === undefined) return around;
  const declarations = declarationsOf(style ?? "");
  if (hidesAll(declarations)) return null;
  const background =
    colorOf(declarations.get("background-color")) ??
    colorOf(declarations.get("background")) ??
    colorOf(bgcolor);
  // A picture or a gradient may stand behind the text: nothing is obvious then.
  const pictured = /url\(|gradient/.test(
    `${declarations.get("background")} ${declarations.get("background-image")}`,
  );
  const visibility = declarations.get("visibility");
  const size = declarations.get("font-size");
  return {
    color: colorOf(declarations.get("color")) ?? colorOf(color) ?? around.color,
    background: pictured
      ? "unknown"
      : background === null || background === "transparent"
        ? around.background
        : background,
    tiny: size === undefined ? around.tiny : isNothing(size),
    invisible:
      visibility === undefined ? around.invisible : /^(?:hidden|collapse)/.test(visibility),
  };
}

/** True where text is there and nobody sees it. */
export function isUnseen({ color, background, tiny, invisible }: Sight): boolean {
  return tiny || invisible || color === "transparent" || alike(color, background);
}
