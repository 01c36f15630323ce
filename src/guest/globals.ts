/**
 * Replaces what the platform's globals mean to author code, before any of it is evaluated: time,
 * randomness, network, timers and the console become durable; what cannot be is refused with advice.
 */
import { durableFetch } from "./fetch/fetch.ts";
import creation from "perdure:creation";
import { replaceConsole } from "./globals/console.ts";
import { followNativeWork } from "./globals/followed.ts";
import { replaceRandomness } from "./globals/randomness.ts";
import { refuseTheRest } from "./globals/refused.ts";
import { replace } from "./globals/replace.ts";
import { recordChanceOfSubtle } from "./globals/subtle.ts";
import { replaceTime } from "./globals/time.ts";
import { logUncaught } from "./globals/uncaught.ts";
import { replaceWeakness } from "./globals/weak.ts";
import { expectImports } from "./run/native-work.ts";
import { AgentRequest } from "./fetch/request.ts";
import {
  cancelTimer,
  startInterval,
  startTimeout,
  timeoutSignal,
  waitAbortably,
} from "./globals/timers.ts";

function replaceTimers(): void {
  replace(globalThis, "setTimeout", startTimeout);
  replace(globalThis, "setInterval", startInterval);
  replace(globalThis, "clearTimeout", cancelTimer);
  replace(globalThis, "clearInterval", cancelTimer);
  replace(scheduler, "wait", waitAbortably);
  replace(AbortSignal, "timeout", timeoutSignal);
}

replaceTime();
replaceRandomness();
replaceTimers();
replaceConsole();
replaceWeakness();
refuseTheRest();
replace(globalThis, "fetch", durableFetch);
replace(globalThis, "Request", AgentRequest);
followNativeWork();
if (creation.importsLater) expectImports();
recordChanceOfSubtle();
logUncaught();
