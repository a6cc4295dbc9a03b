/** The reference at `/docs`: every operation from the OpenAPI document, server-rendered, with nothing loaded from elsewhere and no script. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Context, Hono } from "hono";
import { html as markup } from "hono/html";
import type { Child, Html } from "./display.ts";
import { pagePolicy } from "./layout.ts";
import {
  type Field,
  type ReferenceAnswer,
  type ReferenceModel,
  type ReferenceOperation,
  referenceModel,
} from "./reference-model.ts";
import { stylesheetPath } from "./stylesheet.ts";

const css = readFileSync(new URL("./reference.css", import.meta.url));
const cssPath = `/assets/reference.css?v=${hashOf(css).slice(0, 12)}`;

/** What the pages are made of. */
export type ReferenceOptions = { openapi: () => object; public_url: string };

type Rendered = { body: string; etag: string };

/** Hangs `/docs`, `/docs/{operation}` and their stylesheet in. Each page is made once a process. */
export function mountReference(app: Hono, options: ReferenceOptions): void {
  let model: ReferenceModel | undefined;
  const read = (): ReferenceModel => (model ??= referenceModel(options.openapi()));
  const made = new Map<string, Promise<Rendered>>();
  const keep = (name: string, make: () => Promise<string>): Promise<Rendered> => {
    const kept = made.get(name) ?? make().then((body) => ({ body, etag: `"${hashOf(body)}"` }));
    made.set(name, kept);
    return kept;
  };

  app.get("/docs", async (c) => {
    const query = (c.req.query("q") ?? "").slice(0, 100);
    if (query !== "") return answer(c, await withTag(indexPage(read(), query)));
    return answer(c, await keep("", () => indexPage(read(), "")));
  });
  app.get("/docs/:operation", async (c) => {
    const asked = c.req.param("operation");
    const operation = read().operations.get(asked) ?? byOtherName(read(), asked);
    if (!operation) return answer(c, await withTag(absentPage()), 404);
    return answer(c, await keep(operation.id, () => operationPage(operation, options.public_url)));
  });
  app.get(
    "/assets/reference.css",
    (c) =>
      new Response(css, {
        headers: {
          "content-type": "text/css; charset=utf-8",
          "cache-control":
            c.req.query("v") === hashOf(css).slice(0, 12)
              ? "public, max-age=31536000, immutable"
              : "no-cache",
          "x-content-type-options": "nosniff",
        },
      }),
  );
}

/** `send_email` and `send-email` mean `sendEmail`. */
function byOtherName(model: ReferenceModel, asked: string): ReferenceOperation | undefined {
  const name = asked.replaceAll("-", "_");
  return [...model.operations.values()].find((operation) => operation.name === name);
}

function hashOf(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex").slice(0, 32);
}

async function withTag(body: Promise<string>): Promise<Rendered> {
  const text = await body;
  return { body: text, etag: `"${hashOf(text)}"` };
}

/** The page, or 304 where the caller has it (RFC 9110 section 13.1.2). */
function answer(c: Context, { body, etag }: Rendered, status = 200): Response {
  const headers = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": pagePolicy,
    "cache-control": "no-cache",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    etag,
  };
  const known = (c.req.header("if-none-match") ?? "").split(",").map((one) => one.trim());
  if (status === 200 && (known.includes(etag) || known.includes(`W/${etag}`)))
    return new Response(null, { status: 304, headers });
  return new Response(body, { status, headers });
}

async function frame(title: string, content: Child): Promise<string> {
  const page = await markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · MultiMail API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${stylesheetPath}">
<link rel="stylesheet" href="${cssPath}">
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="top">
<a class="brand" href="/">MultiMail</a>
<nav aria-label="Main"><ul><li><a href="/docs">API reference</a></li><li><a href="/v1/openapi.json">openapi.json</a></li><li><a href="/llms.txt">llms.txt</a></li></ul></nav>
</header>
<main id="main" tabindex="-1" class="reference">
${content}
</main>
</body>
</html>
`;
  return page.toString();
}

function indexPage(model: ReferenceModel, query: string): Promise<string> {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (one: ReferenceOperation): boolean => {
    const text = `${one.id} ${one.name} ${one.path} ${one.summary} ${one.tag}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
  const tags = model.tags
    .map((tag) => ({ ...tag, operations: tag.operations.filter(fits) }))
    .filter(({ operations }) => operations.length > 0);
  const count = tags.reduce((sum, { operations }) => sum + operations.length, 0);
  return frame(
    query === "" ? "Reference" : `${query}, searched`,
    markup`<h1>API reference <span class="quiet small">${model.version}</span></h1>
<form class="search" method="get" action="/docs" role="search">
<label>Search operations<input type="search" name="q" value="${query}" maxlength="100"></label>
<button>Search</button>
</form>
${query === "" ? introduction(model) : markup`<p role="status">${count} of ${model.operations.size} operations fit. <a href="/docs">All of them</a></p>`}
${tags.map(
  (tag) => markup`<section aria-labelledby="${tag.name}">
<h2 id="${tag.name}">${tag.name}</h2>
<p class="quiet">${tag.description}</p>
<ul class="operations">${tag.operations.map(
    (one) => markup`
<li><a href="/docs/${one.id}"><span class="method">${one.method}</span><span class="path">${one.path}</span><span>${one.summary}</span></a></li>`,
  )}
</ul>
</section>
`,
)}`,
  );
}

function introduction(model: ReferenceModel): Html {
  return markup`<section aria-label="How to call">
${model.description
  .split("\n")
  .filter(Boolean)
  .map((line) => markup`<p>${code(line.replace(/^- /, ""))}</p>`)}
</section>
<nav aria-label="Tags"><ul class="tags">${model.tags.map(({ name }) => markup`<li><a href="#${name}">${name}</a></li>`)}</ul></nav>
`;
}

/** Text with what stands in backticks as code. */
function code(text: string): Child[] {
  return text
    .split("`")
    .map((part, place): Child => (place % 2 === 0 ? part : markup`<code>${part}</code>`));
}

function operationPage(operation: ReferenceOperation, public_url: string): Promise<string> {
  const { method, path, summary, description, scope, is_public, name } = operation;
  return frame(
    summary,
    markup`<p><a href="/docs#${operation.tag}">${operation.tag}</a></p>
<h1>${summary}</h1>
<p><span class="method">${method}</span> <span class="path">${path}</span></p>
<p class="prose">${code(description)}</p>
<p class="quiet">${is_public ? "Needs no credential." : markup`Needs the scope <code>${scope}</code>.`} On the command line: <code>multimail call ${name.replaceAll("_", "-")}</code>.</p>
<section aria-labelledby="example"><h2 id="example">Example</h2>
<pre tabindex="0" aria-label="Example call with curl">${curl(operation, public_url)}</pre></section>
${fieldList("parameters", "Parameters", operation.parameters)}
${fieldList("body", operation.body_required ? "Body" : "Body (may be left out)", operation.body)}
${operation.answers.map(answerPart)}`,
  );
}

function fieldList(id: string, heading: string, fields: readonly Field[]): Html | false {
  if (fields.length === 0) return false;
  return markup`<section aria-labelledby="${id}"><h2 id="${id}">${heading}</h2>
${fieldsPart(fields)}</section>`;
}

function fieldsPart(fields: readonly Field[]): Html {
  return markup`<dl class="fields">${fields.map(
    (field) => markup`<div><dt><code>${field.name}</code>
<span class="quiet small">${field.type}${field.place === null ? "" : `, in the ${field.place}`}${field.required ? ", required" : ""}</span></dt>
<dd>${code(field.description)}${field.limits.length > 0 && markup` <span class="quiet small">${field.limits.join("; ")}</span>`}</dd></div>`,
  )}</dl>`;
}

function answerPart({ status, description, media_type, fields, codes }: ReferenceAnswer): Html {
  const id = `answer-${status}`;
  return markup`<section aria-labelledby="${id}"><h2 id="${id}">${status}</h2>
<p>${codes.length > 0 ? "Refused, with one of these codes:" : description}</p>
${codes.length > 0 && markup`<ul class="tags">${codes.map((one) => markup`<li><code>${one}</code></li>`)}</ul>`}
${media_type !== null && markup`<p>Bytes: <code>${media_type}</code></p>`}
${fields.length > 0 && markup`<details${Number(status) < 300 && markup` open`}><summary>Fields of the answer</summary>${fieldsPart(fields)}</details>`}</section>`;
}

/** Values that stand for what the caller has. */
function stand(field: Field): string {
  return `$${field.name.replaceAll(/[^A-Za-z0-9]+/g, "_").toUpperCase()}`;
}

/** The call as a shell command; quotes of the example are the shell's own. */
function curl(operation: ReferenceOperation, public_url: string): string {
  const { method, path, parameters, example, is_public } = operation;
  const filled = parameters
    .filter(({ place }) => place === "path")
    .reduce((text, field) => text.replace(`{${field.name}}`, stand(field)), path);
  const query = parameters
    .filter(({ place, required }) => place === "query" && required)
    .map((field) => `${field.name}=${stand(field)}`)
    .join("&");
  const lines = [`curl -sS "${public_url}${filled}${query === "" ? "" : `?${query}`}"`];
  if (method !== "GET" && !(method === "POST" && example !== undefined))
    lines[0] += ` -X ${method}`;
  if (!is_public) lines.push(`-H "Authorization: Bearer $MULTIMAIL_API_KEY"`);
  if (example !== undefined) {
    lines.push(`-H "Content-Type: application/json"`);
    lines.push(`-d '${JSON.stringify(example).replaceAll("'", "'\\''")}'`);
  }
  return lines.join(" \\\n  ");
}

function absentPage(): Promise<string> {
  return frame(
    "No such operation",
    markup`<h1>No such operation</h1><p><a href="/docs">All operations</a></p>`,
  );
}
