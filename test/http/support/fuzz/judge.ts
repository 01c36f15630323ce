/** Sends a request of the fuzz, and says what is wrong with the answer. */
import { once } from "node:events";
import { request, type Agent, type IncomingMessage } from "node:http";
import { answerSteps, type Description } from "../description.ts";
import type { FuzzRequest } from "./requests.ts";

export interface FuzzAnswer {
  readonly status: number;
  readonly mediaType: string;
  readonly requestId: string | undefined;
  readonly text: string;
}

/** No answer may take longer. */
const limitMs = 15_000;
/** Of a stream that does not end only the beginning is looked at. */
const streamMs = 200;
const streams = new Set(["text/event-stream"]);
const leak = /\n\s*at |node_modules|\/(?:home|root|tmp|usr|src)\/|file:\/\/|worker\.js/;

export async function send(url: string, agent: Agent, fuzz: FuzzRequest): Promise<FuzzAnswer> {
  const { operation, target, headers, body } = fuzz;
  const sent = request(url, {
    method: operation.verb,
    path: target,
    agent,
    headers: {
      ...headers,
      ...(body === undefined ? {} : { "content-length": Buffer.byteLength(body) }),
    },
    signal: AbortSignal.timeout(limitMs),
  });
  sent.end(body);
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  const mediaType = response.headers["content-type"]?.split(";")[0] ?? "";
  if (streams.has(mediaType)) setTimeout(() => response.destroy(), streamMs);
  const requestId = response.headers["x-request-id"];
  return {
    status: response.statusCode ?? 0,
    mediaType,
    requestId: typeof requestId === "string" ? requestId : undefined,
    text: await read(response, streams.has(mediaType)),
  };
}

async function read(response: IncomingMessage, mayBreakOff: boolean): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of response) chunks.push(chunk as Buffer);
  } catch (error) {
    if (!mayBreakOff) throw error;
  }
  return Buffer.concat(chunks).toString();
}

/** What is wrong with an answer; nothing when it is as described. */
export function faultOf(
  description: Description,
  { operation }: FuzzRequest,
  { status, mediaType, requestId, text }: FuzzAnswer,
): string | undefined {
  if (requestId === undefined) return "has no X-Request-Id";
  const steps = answerSteps(operation, status, mediaType);
  if (steps === undefined) {
    const isEmpty = text === "" && String(status) in operation.responses;
    return isEmpty ? undefined : `${status} ${mediaType} is not listed`;
  }
  if (!mediaType.endsWith("json")) return undefined;
  const value = JSON.parse(text) as unknown;
  const fits = description.validator(steps);
  if (!fits(value)) return `does not fit its schema: ${JSON.stringify(fits.errors?.slice(0, 3))}`;
  return status < 400 ? undefined : faultOfProblem(status, mediaType, value, text);
}

function faultOfProblem(
  status: number,
  mediaType: string,
  value: unknown,
  text: string,
): string | undefined {
  const problem = value as { readonly status: number; readonly code: string };
  if (mediaType !== "application/problem+json") return `${status} is ${mediaType}`;
  if (problem.status !== status) return `says that its status is ${problem.status}`;
  if (problem.code === "internal-error") return "is a failure of the server";
  return leak.test(text) ? "tells something about the machine of the server" : undefined;
}
