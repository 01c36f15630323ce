/**
 * The WebSockets over which an agent's oplog is followed. They hibernate: the object may leave
 * memory while they stay open, and what each was sent is attached to it.
 */
import type { Position } from "../core/api/operations.ts";
import { beginDelivery, type Delivery } from "../core/decide/following.ts";
import type { Listener, Listeners } from "../runtime/ports.ts";

/** What of an object's stub is used to open a WebSocket, which no call can answer with. */
export interface SocketHost {
  fetch(url: string, init: RequestInit): Promise<Response>;
}

/** Opens a WebSocket that gets the entries after a position. */
export function openSocket(agent: SocketHost, { incarnation, after }: Position): Promise<Response> {
  const query = new URLSearchParams({ incarnation, after: String(after) });
  return agent.fetch(`https://agent/?${query.toString()}`, { headers: { Upgrade: "websocket" } });
}

function positionOf({ url }: Request): Position {
  const { searchParams } = new URL(url);
  return {
    incarnation: searchParams.get("incarnation") ?? "",
    after: Number(searchParams.get("after")),
  };
}

export class SocketListener implements Listener {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  get delivery(): Delivery {
    return this.#socket.deserializeAttachment() as Delivery;
  }

  set delivery(delivery: Delivery) {
    this.#socket.serializeAttachment(delivery);
  }

  send(text: string): void {
    this.#socket.send(text);
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }
}

export class AgentSockets implements Listeners {
  readonly #ctx: DurableObjectState;
  #mayBeOpen: boolean;

  constructor(ctx: DurableObjectState) {
    this.#ctx = ctx;
    this.#mayBeOpen = ctx.getWebSockets().length > 0;
  }

  get isEmpty(): boolean {
    return !this.#mayBeOpen;
  }

  all(): readonly Listener[] {
    const open = this.#ctx
      .getWebSockets()
      .filter(({ readyState }) => readyState === WebSocket.READY_STATE_OPEN);
    this.#mayBeOpen = open.length > 0;
    return open.map((socket) => new SocketListener(socket));
  }

  /** Answers a request of `openSocket`. A client that sends `ping` is answered without waking anything. */
  accept(request: Request): Response {
    const { 0: client, 1: server } = new WebSocketPair();
    this.#ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
    this.#ctx.acceptWebSocket(server);
    new SocketListener(server).delivery = beginDelivery(positionOf(request));
    this.#mayBeOpen = true;
    return new Response(null, { status: 101, webSocket: client });
  }
}
