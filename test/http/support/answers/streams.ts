/** Answers that do not end by themselves: as much of them as tells that they have begun. */
import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import type { Answer } from "../api.ts";
import { targetOf, type Asked, type Shop } from "./shop.ts";

type Begun = (shop: Shop, asked: Asked) => Promise<Answer>;

async function beginReading({ api }: Shop, id: string, asked: Asked): Promise<Answer> {
  const { status, headers, body } = await fetch(api.url + targetOf(id, asked));
  let text = "";
  for await (const chunk of body ?? []) {
    text = new TextDecoder().decode(chunk as Uint8Array);
    break;
  }
  return { status, headers, text, body: undefined };
}

async function upgrade({ api }: Shop, id: string, asked: Asked): Promise<Answer> {
  const sent = request(api.url + targetOf(id, asked), {
    headers: {
      Connection: "Upgrade",
      Upgrade: "websocket",
      "Sec-WebSocket-Version": "13",
      "Sec-WebSocket-Key": btoa("sixteen bytes...."),
    },
  });
  sent.end();
  const [response, socket] = (await once(sent, "upgrade")) as [
    IncomingMessage,
    { destroy(): void },
  ];
  socket.destroy();
  const headers = new Headers({ "x-request-id": String(response.headers["x-request-id"]) });
  return { status: response.statusCode ?? 0, headers, text: "", body: undefined };
}

/** As `id status`; what is asked is what goes well. */
export const streams: Readonly<Record<string, Begun>> = {
  "followOplog 101": (shop, asked) => upgrade(shop, "followOplog", asked),
  "followOplog 200": (shop, asked) =>
    beginReading(shop, "followOplog", { ...asked, query: "after=0" }),
};
