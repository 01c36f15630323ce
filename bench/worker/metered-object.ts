import { AgentObject } from "../../src/worker.ts";
import type { MeterReading } from "../meter-reading.ts";

/** What only the benchmark asks of an agent. */
export interface MeterOperations {
  /** Drops the object from memory, as an eviction does. The call is rejected once it is gone. */
  evict(): Promise<void>;
  /** Until it is called nothing is wrapped, so that throughput is measured without the meter. */
  startMeter(): Promise<MeterReading>;
  readMeter(): Promise<MeterReading>;
}

/** The product's agent object, which can also be made cold and say what it writes. */
export class MeteredAgentObject extends AgentObject implements MeterOperations {
  readonly #life = crypto.randomUUID();
  #rowsWritten = 0;

  async evict(): Promise<void> {
    await this.ctx.storage.sync();
    this.ctx.abort("evicted by the benchmark");
  }

  async startMeter(): Promise<MeterReading> {
    this.#meterRows();
    this.#meterAlarms();
    return this.readMeter();
  }

  async readMeter(): Promise<MeterReading> {
    return {
      life: this.#life,
      rowsWritten: this.#rowsWritten,
      databaseBytes: this.ctx.storage.sql.databaseSize,
    };
  }

  /** A cursor knows all the rows that its statement writes from the first step, which `exec` does. */
  #meterRows(): void {
    const sql = this.ctx.storage.sql;
    const exec = sql.exec.bind(sql);
    const metered = (query: string, ...bindings: unknown[]) => {
      const cursor = exec(query, ...bindings);
      this.#rowsWritten += cursor.rowsWritten;
      return cursor;
    };
    Object.defineProperty(sql, "exec", { value: metered });
  }

  /** Setting or deleting an alarm is billed as one row written. */
  #meterAlarms(): void {
    const storage = this.ctx.storage;
    const setAlarm = storage.setAlarm.bind(storage);
    const deleteAlarm = storage.deleteAlarm.bind(storage);
    Object.defineProperty(storage, "setAlarm", {
      value: (at: number | Date, options?: DurableObjectSetAlarmOptions) => {
        this.#rowsWritten += 1;
        return setAlarm(at, options);
      },
    });
    Object.defineProperty(storage, "deleteAlarm", {
      value: (options?: DurableObjectSetAlarmOptions) => {
        this.#rowsWritten += 1;
        return deleteAlarm(options);
      },
    });
  }
}
