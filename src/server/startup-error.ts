/** A reason not to start, or not to go on, that its user can do something about. */
export class StartupError extends Error {
  override readonly name = "StartupError";
}
