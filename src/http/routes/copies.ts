import * as z from "zod";
import { isAddress } from "../../core/api/agent-name.ts";
import type { AgentAddress } from "../../core/api/views.ts";
import { FILE_MEDIA_TYPE, peekHeader } from "../../core/copies/file.ts";
import { accept, refuse, type Result } from "../../core/errors.ts";
import type { Ports } from "../ports.ts";
import { agentPath } from "../routing/address.ts";
import { streamedBody, type BodyReader } from "../routing/body.ts";
import { FileStream } from "../routing/file-stream.ts";
import { invalidRequest } from "../routing/invalid-request.ts";
import { persist } from "../routing/persist.ts";
import { reply, type Answer } from "../routing/reply.ts";
import { route, type Route } from "../routing/route.ts";
import { agentShape } from "../shapes/agent.ts";

const fileShape = z.string().meta({ description: "A record in each line; see the README." });

/** The file of an agent is never held as a whole. */
const agentFile: BodyReader<FileStream> = {
  content: { [FILE_MEDIA_TYPE]: fileShape },
  required: true,
  description: "What an export has given.",
  read: async (request, limits) => {
    const body = streamedBody(request, FILE_MEDIA_TYPE);
    return body.ok ? accept(new FileStream(body.value, limits.importBytes)) : body;
  },
};

/** How agents are taken from one host to another. */
export const copyRoutes: readonly Route[] = [
  route({
    verb: "GET",
    path: "/v1/agents/{component}/{type}/{key}/export",
    id: "exportAgent",
    tag: "Operating",
    summary: "An agent as a file, with its history, its snapshots and the code that it needs",
    description: "It is the agent at the beginning of the request, whatever it does meanwhile.",
    access: ["operate"],
    answers: {
      200: {
        description: "The file.",
        content: { [FILE_MEDIA_TYPE]: fileShape },
        headers: { "Content-Disposition": "A name for the file." },
      },
    },
    refusals: ["agent-not-found"],
    async handle({ path: { agent } }, ports) {
      const exported = await persist(() => ports.agents(agent).export());
      if (!exported.ok) return exported;
      // From the agent's object it comes as a stream.
      return new Response(exported.value as ReadableStream<Uint8Array>, {
        headers: { "Content-Type": FILE_MEDIA_TYPE, "Content-Disposition": dispositionOf(agent) },
      });
    },
  }),
  route({
    verb: "POST",
    path: "/v1/agents/{component}/import",
    id: "importAgent",
    tag: "Operating",
    summary: "Make an agent of a file, at the address that the file names",
    description:
      "The agent goes on here, under a new incarnation. A file that is damaged, or that does not fit what is here, is refused whole.",
    access: ["admin"],
    body: agentFile,
    answers: {
      201: {
        description: "The agent.",
        shape: agentShape,
        headers: { Location: "The path of the agent." },
      },
    },
    refusals: ["agent-already-exists", "invalid-export", "revision-conflict"],
    async handle({ path: { component }, body }, ports) {
      const imported = await importFile(component, body, ports);
      await body.close();
      return imported.ok || body.fault === undefined ? imported : refusalOf(body.fault, ports);
    },
  }),
];

/** Who may send one reaches all of the component, for the file brings code. */
async function importFile(component: string, file: FileStream, ports: Ports): Promise<Answer> {
  const header = peekHeader(await file.firstLine());
  if (header === undefined) return invalid("begins with no header of an export");
  const { type, key } = header;
  const address = { component, type, key };
  if (header.component !== component) {
    return invalid(`is about an agent of the component ${header.component}, not of ${component}`);
  }
  if (!isAddress(address)) return invalid("names an address that no agent can have");
  // Never repeated: the file is sent once.
  const imported = await ports.agents(address).import(address, crypto.randomUUID(), file.whole());
  return imported.ok ? reply(imported.value, 201, { Location: agentPath(address) }) : imported;
}

function invalid(what: string): Result<never> {
  return refuse(
    "invalid-export",
    `The file ${what}. Nothing was imported; send a file as GET …/export gave it, to the component that it is from.`,
  );
}

function refusalOf(fault: NonNullable<FileStream["fault"]>, { limits }: Ports): Result<never> {
  if (fault === "broken") {
    return invalidRequest({ path: ["body"], message: "ended before it was complete" });
  }
  return refuse(
    "payload-too-large",
    `The file has more than ${limits.importBytes} bytes, which is the limit: raise it in the configuration.`,
  );
}

/** A name that every system takes. */
function dispositionOf({ type, key }: AgentAddress): string {
  const name = `${type}-${key}`.replaceAll(/[^\w.-]+/g, "_").slice(0, 100);
  return `attachment; filename="${name}.perdure"`;
}
