/** Prints the generated half of the Python SDK: its types, the table of operations and a method for each. */
import type { Field, Method, Model, Shape } from "./generate-sdk-model.ts";
import { pascalCase, wrap } from "./generate-sdk-model.ts";

/** The files by their path from the root. Python 3.9 reads them. */
export function pythonSdk(model: Model): { file: string; content: string }[] {
  return [
    { file: "sdk-python/multimail/models.py", content: modelsFile(model) },
    { file: "sdk-python/multimail/operations.py", content: operationsFile(model) },
  ];
}

/** What cannot name a parameter or a field of a class. */
const keywords = new Set(
  (
    "False None True and as assert async await break class continue def del elif else except finally for from global if " +
    "import in is lambda nonlocal not or pass raise return try while with yield"
  ).split(" "),
);

const speakable = (name: string): boolean => /^[A-Za-z_]\w*$/.test(name) && !keywords.has(name);

/** The parameter for an input: `from_` for `from`, `list_unsubscribe` for `List-Unsubscribe`. */
export function pythonName(name: string): string {
  if (speakable(name)) return name;
  const plain = name.toLowerCase().replace(/[^a-z0-9_]/g, "_");
  return keywords.has(plain) ? `${plain}_` : plain;
}

/** Python's spelling of a text in quotes. JSON's is one: both escape alike what is printable ASCII or not. */
const quoted = (text: string): string =>
  JSON.stringify(text).replace(/[\u007f-\uffff]/g, (one) => {
    return `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });

/** Collects classes while types are spelt: an object inside another needs a name of its own. */
class Classes {
  readonly texts: string[] = [];

  /** The type's spelling; `name` is for the object that it may be. */
  spell(shape: Shape, name: string): string {
    switch (shape.kind) {
      case "string":
        return "str";
      case "number":
        return "float";
      case "integer":
        return "int";
      case "boolean":
        return "bool";
      case "null":
        return "None";
      case "unknown":
        return "Any";
      case "literal":
        return `Literal[${shape.values.map(literal).join(", ")}]`;
      case "list":
        return `List[${this.spell(shape.items, `${name}Item`)}]`;
      case "map":
        return `Dict[str, ${this.spell(shape.values, `${name}Value`)}]`;
      case "named":
        return shape.name;
      case "union": {
        const objects = shape.of.filter(({ kind }) => kind === "object").length;
        const parts = shape.of.map((part, i) =>
          this.spell(part, objects > 1 ? `${name}${i + 1}` : name),
        );
        return `Union[${parts.join(", ")}]`;
      }
      case "object":
        this.add(name, shape.fields, "");
        return name;
    }
  }

  /** Writes an object as a TypedDict. Python 3.9 says by inheritance which fields may be absent. */
  add(name: string, fields: readonly Field[], description: string): void {
    const spelt = fields.map((field) => ({
      ...field,
      type: this.spell(field.shape, `${name}${pascalCase(field.name)}`),
    }));
    const needed = spelt.filter(({ required }) => required);
    const free = spelt.filter(({ required }) => !required);
    const bases: string[] = [];
    let own = needed;
    let total = true;
    if (needed.length > 0 && (free.length > 0 || !needed.every((field) => speakable(field.name)))) {
      bases.push(`_${name}Required`);
      this.base(`_${name}Required`, needed, true);
      own = free;
      total = free.length === 0;
    } else if (needed.length === 0) [own, total] = [free, false];
    if (!own.every((field) => speakable(field.name))) {
      bases.push(`_${name}Optional`);
      this.base(`_${name}Optional`, own, false);
      own = [];
    }
    const head = [
      ...(bases.length === 0 ? ["TypedDict"] : bases),
      ...(total ? [] : ["total=False"]),
    ];
    this.texts.push(
      `class ${name}(${head.join(", ")}):\n    ${docstring(description === "" ? `Fields of ${name}.` : description, "    ")}\n${members(own)}`,
    );
  }

  private base(name: string, fields: readonly (Field & { type: string })[], total: boolean): void {
    const lines = fields.map(
      ({ name: field, type }) => `        ${quoted(field)}: ${quoted(type)},\n`,
    );
    this.texts.push(
      `${name} = TypedDict(\n    ${quoted(name)},\n    {\n${lines.join("")}    },\n${total ? "" : "    total=False,\n"})\n`,
    );
  }
}

const literal = (value: string | number | boolean): string =>
  typeof value === "string"
    ? quoted(value)
    : value === true
      ? "True"
      : value === false
        ? "False"
        : String(value);

function members(fields: readonly (Field & { type: string })[]): string {
  return fields
    .map(({ name, type, description }) => {
      const words = wrap(description, 92).map((line) => `    # ${line}\n`);
      return `\n${words.join("")}    ${name}: ${type}\n`;
    })
    .join("");
}

function docstring(prose: string, indent: string): string {
  const lines = wrap(prose.replaceAll("\\", "\\\\").replaceAll('"""', "'''"), 92);
  if (lines.length === 1) return `"""${lines[0]}${lines[0]?.endsWith('"') ? " " : ""}"""`;
  return `"""${lines.join(`\n${indent}`)}\n${indent}"""`;
}

const head = `from __future__ import annotations

`;

function modelsFile({ types, methods, version }: Model): string {
  const classes = new Classes();
  // An alias is evaluated at once: after all classes stand.
  const aliases: string[] = [];
  /** An object becomes a class, anything else a name for its spelling. */
  const add = (name: string, shape: Shape, description: string): void => {
    if (shape.kind === "object") classes.add(name, shape.fields, description);
    else aliases.push(`${name} = ${classes.spell(shape, name)}\n`);
  };
  for (const { name, field } of types) add(name, field.shape, field.description);
  for (const method of methods) {
    for (const field of method.inputs)
      classes.spell(field.shape, `${pascalCase(method.name)}Input${pascalCase(field.name)}`);
    if (method.answer === "json")
      add(`${pascalCase(method.name)}Output`, method.output, `Answer of ${method.name}.`);
  }
  return `"""What travels, as types: generated from openapi.json by \`npm run generate\`, not written by hand."""

${head}from typing import Any, Dict, List, Literal, TypedDict, Union

CONTRACT_VERSION = ${quoted(version)}


${[...classes.texts, ...aliases].map((one) => one.trimEnd()).join("\n\n\n")}
`;
}

function operationsFile({ methods }: Model): string {
  const table = methods
    .map(
      ({ name, verb, path, repeat, items }) =>
        `    ${quoted(name)}: Operation(${[verb, path, repeat].map(quoted).join(", ")}${items === null ? "" : `, ${quoted(items.field)}`}),\n`,
    )
    .join("");
  return `"""A method for every operation: generated from openapi.json by \`npm run generate\`, not written by hand."""

${head}from typing import Any, Dict, Iterator, List, Literal, Optional, Union

from . import models
from .request import UNSET, FileAnswer, Operation, RequestOptions, StreamEvent, Unset

OPERATIONS: Dict[str, Operation] = {
${table}}


class Operations:
    """The operations as methods; the client says how they travel."""

    def _json(self, name: str, given: Dict[str, Any], options: Optional[RequestOptions]) -> Any:
        raise NotImplementedError

    def _items(
        self, name: str, given: Dict[str, Any], options: Optional[RequestOptions]
    ) -> Iterator[Any]:
        raise NotImplementedError

    def _file(
        self, name: str, given: Dict[str, Any], options: Optional[RequestOptions]
    ) -> FileAnswer:
        raise NotImplementedError

    def _events(
        self, name: str, given: Dict[str, Any], options: Optional[RequestOptions]
    ) -> Iterator[StreamEvent]:
        raise NotImplementedError

${methods.flatMap(methodTexts).join("\n\n")}
`;
}

/** The method, and for a list a second one that goes through all pages. */
function methodTexts(method: Method): string[] {
  const output =
    method.answer === "file"
      ? "FileAnswer"
      : method.answer === "events"
        ? "Iterator[StreamEvent]"
        : `models.${pascalCase(method.name)}Output`;
  const plain = methodText(method, method.name, `_${method.answer}`, output, method.description);
  if (method.items === null) return [plain];
  const item = qualified(
    new Classes().spell(
      method.items.shape,
      `${pascalCase(method.name)}Output${pascalCase(method.items.field)}Item`,
    ),
  );
  const all = `Goes through every item of every page of \`${method.name}\`.`;
  return [plain, methodText(method, `${method.name}_all`, "_items", `Iterator[${item}]`, all)];
}

function methodText(
  method: Method,
  name: string,
  call: string,
  output: string,
  description: string,
): string {
  const spell = (field: Field): string =>
    qualified(
      new Classes().spell(field.shape, `${pascalCase(method.name)}Input${pascalCase(field.name)}`),
    );
  const needed = method.inputs.filter(({ required }) => required);
  const free = method.inputs.filter(({ required }) => !required);
  const parameters = [
    "self",
    "*",
    ...needed.map((field) => `${pythonName(field.name)}: ${spell(field)}`),
    ...free.map((field) => `${pythonName(field.name)}: Union[${spell(field)}, Unset] = UNSET`),
    "request_options: Optional[RequestOptions] = None",
  ];
  const given = method.inputs.map(
    (field) => `                ${quoted(field.name)}: ${pythonName(field.name)},\n`,
  );
  const said = [...needed, ...free]
    .filter((field) => field.description !== "")
    .map((field) => `${pythonName(field.name)}: ${field.description}`);
  return `    def ${name}(
${parameters.map((parameter) => `        ${parameter},\n`).join("")}    ) -> ${output}:
        ${methodDoc([method.summary.replace(/\.?$/, "."), description], said)}
        return self.${call}(
            ${quoted(method.name)},
            {${given.length === 0 ? "" : `\n${given.join("")}            `}},
            request_options,
        )`;
}

function methodDoc(paragraphs: readonly string[], said: readonly string[]): string {
  const indent = "        ";
  const clean = (prose: string) => prose.replaceAll("\\", "\\\\").replaceAll('"""', "'''");
  const parts = paragraphs
    .filter(Boolean)
    .map((prose) => wrap(clean(prose), 88).join(`\n${indent}`));
  const fields = said.map((line) => wrap(clean(line), 84).join(`\n${indent}    `));
  const all = [...parts, ...(fields.length === 0 ? [] : [fields.join(`\n${indent}`)])];
  return `"""${all.join(`\n\n${indent}`)}\n${indent}"""`;
}

/** Names of our types as the other module knows them. */
function qualified(spelling: string): string {
  const known = /^(?:str|float|int|bool|None|Any|Literal|List|Dict|Union)$/;
  return spelling.replace(/"(?:[^"\\]|\\.)*"|\b[A-Za-z_]\w*\b/g, (word) =>
    word.startsWith('"') || known.test(word) || word === "True" || word === "False"
      ? word
      : `models.${word}`,
  );
}
