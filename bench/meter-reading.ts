/** What an agent's storage was charged since its meter was started, and how big it is now. */
export interface MeterReading {
  /** Differs between two lives of the same object. */
  readonly life: string;
  readonly rowsWritten: number;
  readonly databaseBytes: number;
}
