import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import type { Answer } from "./api.ts";

/** Sends a request whose path no URL parser has touched. */
export async function sendRaw(
  url: string,
  verb: string,
  path: string,
  sentHeaders: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const sent = request(url, { method: verb, path, headers: sentHeaders });
  sent.end();
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  let text = "";
  for await (const chunk of response) text += String(chunk);
  const headers = new Headers();
  for (const [name, value] of Object.entries(response.headers)) {
    if (value !== undefined) headers.set(name, String(value));
  }
  return {
    status: response.statusCode ?? 0,
    headers,
    text,
    body: text === "" ? undefined : JSON.parse(text),
  };
}
