/** Makes, shows and ends recurring schedules. Their runs come by themselves, see `Ledger`. */
import type { ScheduleRequest, SchedulesRequest } from "../../core/api/operations.ts";
import { showSchedule } from "../../core/api/show-schedule.ts";
import type { AgentAddress, SchedulesPage, ScheduleView } from "../../core/api/views.ts";
import {
  checkNewSchedule,
  checkSameSchedule,
  endOfSchedule,
  newSchedule,
} from "../../core/decide/schedules.ts";
import { accept, refuse, type Refusal, type Result } from "../../core/errors.ts";
import type { ScheduleCreated } from "../../core/oplog/entry.ts";
import type { ScheduleState, Status } from "../../core/status/status.ts";
import type { Creating, Draft } from "./creating.ts";
import { nextTime, timingFaults } from "./cron.ts";
import type { Invoking } from "./invoking.ts";
import { PAGE_CHARACTERS } from "../books/journal.ts";
import type { Loop } from "../loop.ts";
import type { Ports } from "../ports.ts";
import { noAgent, refused, unknownSchedule } from "./refusals.ts";
import { openRich } from "../books/rich.ts";

type Created = Result<{ readonly schedule: ScheduleView; readonly created: boolean }>;

/** Characters of arguments on a page of the list: it ends early when they are many. */
const LIST_CHARACTERS = 8 * PAGE_CHARACTERS;

export class Scheduling {
  readonly #ports: Ports;
  readonly #loop: Loop;
  readonly #creating: Creating;
  readonly #invoking: Invoking;

  constructor(ports: Ports, loop: Loop, creating: Creating, invoking: Invoking) {
    this.#ports = ports;
    this.#loop = loop;
    this.#creating = creating;
    this.#invoking = invoking;
  }

  get #status(): Status | undefined {
    return this.#loop.ledger.status;
  }

  async create(address: AgentAddress, request: ScheduleRequest): Promise<Created> {
    const misfit = checkTiming(request);
    if (misfit !== undefined) return refused(misfit);
    const known = this.#known(request);
    if (known !== undefined) return this.#again(known, request);
    const checked = await this.#invoking.check(address, request);
    if (!checked.ok) return checked;
    const meanwhile = this.#known(request);
    if (meanwhile !== undefined) return this.#again(meanwhile, request);
    return this.#admit(checked.value.draft, request);
  }

  #known({ createdBy }: ScheduleRequest): ScheduleState | undefined {
    return this.#status?.schedules.find((schedule) => schedule.createdBy === createdBy);
  }

  #again(known: ScheduleState, request: ScheduleRequest): Created {
    const misuse = checkSameSchedule(this.#entryOf(known), request);
    if (misuse !== undefined) return refused(misuse);
    return accept({ schedule: this.#shown(known), created: false });
  }

  async #admit(draft: Draft | undefined, request: ScheduleRequest): Promise<Created> {
    const { environment } = this.#ports;
    const schedule: ScheduleCreated = {
      kind: "ScheduleCreated",
      at: environment.now(),
      scheduleId: environment.uuid(),
      ...request,
    };
    const entries = newSchedule(schedule, nextTime);
    const isWritten = draft !== undefined && (await this.#creating.write(draft, entries));
    // Somebody else may have created the agent meanwhile, and with this very request.
    const known = isWritten ? undefined : this.#known(request);
    if (known !== undefined) return this.#again(known, request);
    if (!isWritten) {
      const status = this.#status;
      const refusal =
        status === undefined
          ? noAgent.refusal
          : checkNewSchedule(status, this.#ports.settings.limits);
      if (refusal !== undefined) return refused(refusal);
      this.#loop.ledger.append(entries);
    }
    const made = this.#find(schedule.scheduleId);
    if (!made.ok) return made;
    void this.#loop.drive();
    return accept({ schedule: this.#shown(made.value), created: true });
  }

  async list({ limit, after = 0 }: SchedulesRequest): Promise<Result<SchedulesPage>> {
    const status = this.#status;
    if (status === undefined) return noAgent;
    const schedules: ScheduleView[] = [];
    let [last, characters] = [after, 0];
    for (const schedule of status.schedules) {
      if (schedule.index <= after) continue;
      if (schedules.length === limit || characters > LIST_CHARACTERS) {
        return accept({ schedules, next: last });
      }
      schedules.push(this.#shown(schedule));
      characters += this.#entryOf(schedule).args.length;
      last = schedule.index;
    }
    return accept({ schedules });
  }

  async show(id: string): Promise<Result<ScheduleView>> {
    const known = this.#find(id);
    return known.ok ? accept(this.#shown(known.value)) : known;
  }

  async delete(id: string): Promise<Result<null>> {
    const { ledger } = this.#loop;
    const known = this.#find(id);
    if (!known.ok) return known;
    if (ledger.status === undefined) return noAgent;
    ledger.append(endOfSchedule(ledger.status, known.value, this.#ports.environment.now()));
    return accept(null);
  }

  #find(id: string): Result<ScheduleState> {
    if (this.#status === undefined) return noAgent;
    const known = this.#status.schedules.find((schedule) => schedule.id === id);
    return known === undefined ? unknownSchedule : accept(known);
  }

  #entryOf({ index }: ScheduleState): ScheduleCreated {
    const entry = this.#loop.ledger.journal?.entry(index);
    if (entry?.kind !== "ScheduleCreated") throw new Error(`the oplog has no schedule at ${index}`);
    return entry;
  }

  #shown(schedule: ScheduleState): ScheduleView {
    const { args } = this.#entryOf(schedule);
    return showSchedule(schedule, args, this.#status?.pending ?? [], openRich);
  }
}

function checkTiming(request: ScheduleRequest): Refusal | undefined {
  const faults = timingFaults(request);
  if (faults.length === 0) return undefined;
  const told = faults.map(({ member, message }) => `body \`${member}\`: ${message}`);
  const issues = faults.map(({ member, message }) => ({ path: ["body", member], message }));
  return refuse("invalid-request", told.join("; "), { issues }).refusal;
}
