/** The script of the card: it reads by its host's tools and shows; it has no call that decides. */
const host = window.parent;
const at = (id) => document.getElementById(id);
const reviewUrl = document.querySelector('meta[name="multimail-url"]').content;
const idPattern = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;
const mostText = 20000;
const words = {
  draft: "A draft",
  pending_scan: "Being checked before it can be sent",
  pending_send_approval: "Waits for a person's decision",
  pending_inbound_approval: "Received, and held for a person",
  scheduled: "Approved or scheduled: it leaves at its time",
  queued: "Approved: on its way",
  sending: "Being sent",
  sent: "Sent",
  delivered: "Delivered",
  rejected: "Rejected by a person: it was not sent",
  cancelled: "Cancelled: it was not sent",
  expired: "Nobody decided in time: it was not sent",
  blocked: "Blocked: it was not sent",
  suppressed: "Not sent: the recipient wants no mail",
  bounced: "Bounced",
  send_failed: "Could not be sent",
  sandboxed: "Kept in the sandbox: a test, not sent",
};
const ended = new Set([
  "sent",
  "delivered",
  "rejected",
  "cancelled",
  "expired",
  "blocked",
  "suppressed",
  "bounced",
  "send_failed",
  "sandboxed",
]);

let nextId = 1;
const asked = new Map();
let abilities = {};
let emailId = null;
let shown = null;
let looks = 0;
let timer = null;
let over = false;

const post = (message) => host.postMessage({ jsonrpc: "2.0", ...message }, "*");
const request = (method, params) =>
  new Promise((resolve, reject) => {
    const id = nextId++;
    asked.set(id, { resolve, reject });
    post({ id, method, params });
  });

function put(id, text) {
  at(id).textContent = text;
  at(id).hidden = text === "";
}

function show(status, message) {
  if (typeof status === "string" && status !== shown) {
    shown = status;
    at("state").textContent = Object.hasOwn(words, status) ? words[status] : "State: " + status;
  }
  if (message !== null) {
    at("head").hidden = false;
    put("from", String(message.from ?? ""));
    put("to", Array.isArray(message.to) ? message.to.join(", ") : "");
    put("subject", String(message.subject ?? ""));
    const text = String(message.text_body ?? message.markdown ?? "");
    put("text", text.length > mostText ? text.slice(0, mostText) + "\n[…]" : text);
    put("reason", typeof message.reason === "string" ? "Reason: " + message.reason : "");
  }
  at("where").hidden = emailId === null || shown !== "pending_send_approval";
}

/* Nothing that a message says can reach the address: it is ours, with an id of ours. */
const pageOf = (id) => reviewUrl + "/messages/" + id;

async function look() {
  timer = null;
  if (over || emailId === null) return;
  looks += 1;
  try {
    const result = await request("tools/call", {
      name: "read_email",
      arguments: { email_id: emailId, peek: true },
    });
    const message = result?.structuredContent;
    if (result?.isError !== true && message?.id === emailId) show(message.status, message);
  } catch {
    /* The host may refuse or be busy: what was shown stays, and the next look comes. */
  }
  again();
}

function again() {
  if (over || timer !== null || ended.has(shown) || abilities.serverTools === undefined) return;
  const wait = looks < 40 ? 3000 : looks < 200 ? 15000 : 60000;
  timer = setTimeout(look, wait);
}

function take(structured) {
  const { id, status } = structured ?? {};
  if (typeof id !== "string" || !idPattern.test(id)) return;
  emailId = id;
  at("address").textContent = abilities.openLinks === undefined ? pageOf(id) : "";
  at("open").hidden = abilities.openLinks === undefined;
  show(status, null);
  if (timer === null && abilities.serverTools !== undefined) void look();
}

function notified(method, params) {
  if (method === "ui/notifications/tool-result") {
    if (params?.isError === true) at("state").textContent = "The call was refused.";
    else take(params?.structuredContent);
  } else if (method === "ui/notifications/tool-cancelled")
    at("state").textContent = "The call was cancelled.";
  else if (method === "ui/notifications/host-context-changed") theme(params);
}

function answer(id, method) {
  if (method === "ping") post({ id, result: {} });
  else if (method === "ui/resource-teardown") {
    over = true;
    clearTimeout(timer);
    post({ id, result: {} });
  } else post({ id, error: { code: -32601, message: "Method not found" } });
}

function theme(context) {
  if (context?.theme === "dark" || context?.theme === "light")
    document.documentElement.dataset.theme = context.theme;
}

window.addEventListener("message", ({ source, data }) => {
  if (source !== host || typeof data !== "object" || data === null || data.jsonrpc !== "2.0")
    return;
  if (typeof data.method === "string") {
    if (data.id === undefined) notified(data.method, data.params);
    else answer(data.id, data.method);
    return;
  }
  const waiting = asked.get(data.id);
  if (waiting === undefined) return;
  asked.delete(data.id);
  if (data.error === undefined) waiting.resolve(data.result);
  else waiting.reject(new Error("refused"));
});

at("open").addEventListener("click", () => {
  if (emailId !== null)
    request("ui/open-link", { url: pageOf(emailId) }).catch(() => {
      at("address").textContent = pageOf(emailId);
    });
});

let height = 0;
new ResizeObserver(() => {
  const now = Math.ceil(document.documentElement.getBoundingClientRect().height);
  if (now === height) return;
  height = now;
  post({ method: "ui/notifications/size-changed", params: { height } });
}).observe(document.body);

try {
  const said = await request("ui/initialize", {
    appInfo: { name: "multimail-pending-message", version: "1.0.0" },
    appCapabilities: {},
    protocolVersion: "2026-01-26",
  });
  abilities = said?.hostCapabilities ?? {};
  theme(said?.hostContext);
  post({ method: "ui/notifications/initialized", params: {} });
} catch {
  at("state").textContent = "This host cannot show how the message stands.";
}
