/** The conversation of host and instance over RPC: that of the protocol, with values packed. */
import type {
  Boot,
  BootReply,
  HostPort,
  InvocationCall,
  ReadCall,
  ReadReply,
  RunReply,
  SaveReply,
} from "../core/protocol.ts";
import type { Packed, Packing } from "./packing.ts";

/** What an instance can ask of the host over RPC. */
export type PackedHost = Packing<HostPort>;

/**
 * What the host can ask of an instance over RPC. The host is lent for each call: an instance that
 * held on to it would keep the agent's object in memory for ever.
 */
export interface FacetPort {
  boot(host: PackedHost, boot: Packed<Boot>): Promise<Packed<BootReply>>;
  run(
    host: PackedHost,
    calls: Packed<readonly InvocationCall[]>,
    careful: boolean,
  ): Promise<Packed<RunReply>>;
  proceed(host: PackedHost): Promise<Packed<RunReply>>;
  save(host: PackedHost, isTrial: boolean): Promise<Packed<SaveReply>>;
  read(call: Packed<ReadCall>): Promise<Packed<ReadReply>>;
  cancel(): Promise<void>;
}
