/** Every route with every status and every code of its own, and no row for what there is not. */
import { describe, expect, test } from "vitest";
import type { ErrorCode } from "../../src/core/errors.ts";
import { toProblem } from "../../src/http/routing/problems.ts";
import { routes } from "../../src/http/routes/table.ts";
import { missing, refused } from "./support/answers/refusals.ts";
import { openShop, type Asked } from "./support/answers/shop.ts";
import { streams } from "./support/answers/streams.ts";
import { successes } from "./support/answers/successes.ts";
import { answerSteps, readDescription } from "./support/description.ts";
import { problemOf } from "./support/problem.ts";
import { openSite } from "./support/site.ts";

const { server, api } = await openSite({
  variables: {
    PERDURE_LIMITS: '{"pendingInvocations":2,"schedules":2,"dryRunSaveMs":200,"cancelGraceMs":100}',
  },
});
const shop = await openShop(api);
const description = await readDescription(server.url);

async function wellAsked(id: string, status = ""): Promise<Asked> {
  const ask = successes[`${id} ${status}`] ?? successes[id];
  if (ask === undefined) throw new Error(`There is no request for ${id}.`);
  return ask(shop);
}

describe.each(routes)("$verb $path", ({ id, answers, refusals }) => {
  test.each(Object.keys(answers).map((status) => [status]))("answers %s", async (status) => {
    const asked = await wellAsked(id, status);
    const begin = streams[`${id} ${status}`];
    const answer = await (begin === undefined ? shop.ask(id, asked) : begin(shop, asked));
    expect([answer.status, answer.text.slice(0, 300)]).toEqual([Number(status), expect.anything()]);
    expect(answer.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    const operation = description.operations.find(({ operationId }) => operationId === id);
    const mediaType = answer.headers.get("content-type")?.split(";")[0] ?? "";
    const steps = operation && answerSteps(operation, answer.status, mediaType);
    const { shape, content } = answers[answer.status] ?? {};
    expect(steps === undefined).toBe((shape ?? content) === undefined);
    if (steps === undefined || mediaType !== "application/json") return;
    const fits = description.validator(steps);
    expect(fits(answer.body), JSON.stringify(fits.errors)).toBe(true);
  });

  test.each(refusals.map((code) => [code]))("refuses with %s", async (code: ErrorCode) => {
    const own = refused[`${id} ${code}`];
    const without = missing[code];
    const answer =
      own === undefined && without !== undefined
        ? await shop.ask(id, without(await wellAsked(id)))
        : await own?.(shop);
    if (answer === undefined) throw new Error(`Nothing provokes ${code} of ${id}.`);
    problemOf(answer, toProblem({ code, detail: "" }).status, code);
  });
});

test("every row of the tables belongs to an answer that is listed", () => {
  const listed = new Set<string>();
  for (const { id, answers, refusals } of routes) {
    listed.add(id);
    for (const answer of [...Object.keys(answers), ...refusals]) listed.add(`${id} ${answer}`);
  }
  const rows = [successes, streams, refused].flatMap((table) => Object.keys(table));
  expect(rows.filter((row) => !listed.has(row))).toEqual([]);
});
