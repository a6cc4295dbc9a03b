/** Receives webhooks and takes only those that the server signed. */
import { createServer, type IncomingMessage } from "node:http";
import { verifyWebhook, WebhookVerificationError } from "@multimail/sdk/webhooks";

const secret = process.env["WEBHOOK_SECRET"] ?? "";
const seen = new Set<string>();

/** Answers the HTTP status for a request. */
async function receive(request: IncomingMessage): Promise<number> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  try {
    const body = Buffer.concat(chunks);
    const event = await verifyWebhook({ secret, headers: request.headers, body });
    const id = String(request.headers["webhook-id"]);
    // The same event may come twice.
    if (!seen.has(id)) console.log(event.type, id);
    seen.add(id);
    return 204;
  } catch (error) {
    return error instanceof WebhookVerificationError ? 400 : 500;
  }
}

const server = createServer((request, response) => {
  void receive(request).then((status) => response.writeHead(status).end());
});
server.listen(Number(process.env["PORT"] ?? 3000), "127.0.0.1", () => {
  console.log("listening", JSON.stringify(server.address()));
});
