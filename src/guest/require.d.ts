/** Resolved while the guest is bundled: a module that is required is evaluated at that moment. */
declare function require(module: string): unknown;
