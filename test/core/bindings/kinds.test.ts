import { describe, expect, test } from "vitest";
import {
  methodDurability,
  statementDurability,
  type BindingKind,
} from "../../../src/core/bindings/kinds.ts";
import { requestDurability } from "../../../src/core/oplog/durability.ts";
import { isReadStatement } from "../../../src/core/bindings/sql.ts";

const reads: Readonly<Record<BindingKind, readonly string[]>> = {
  kv: ["get", "getWithMetadata", "list"],
  r2: ["head", "get", "list"],
  d1: ["dump"],
  queue: [],
  ai: [],
  service: [],
  other: [],
};

const writes: Readonly<Record<BindingKind, readonly string[]>> = {
  kv: ["put", "delete", "getAndSet"],
  r2: ["put", "delete", "createMultipartUpload", "uploadPart", "completeMultipartUpload"],
  d1: ["exec", "batch"],
  queue: ["send", "sendBatch", "get"],
  ai: ["run", "models", "get"],
  service: ["get", "list", "toString"],
  other: ["get", "query"],
};

describe("reads and writes are told apart for the well-known kinds; all else is a write", () => {
  test.each(Object.keys(reads) as BindingKind[])("%s", (kind) => {
    for (const method of reads[kind]) expect(methodDurability(kind, method)).toBe("read-remote");
    for (const method of writes[kind]) expect(methodDurability(kind, method)).toBe("write-remote");
  });

  test("requests by their verb", () => {
    for (const verb of ["GET", "HEAD", "OPTIONS"]) {
      expect(requestDurability(verb)).toBe("read-remote");
    }
    for (const verb of ["POST", "PUT", "DELETE", "PATCH", "PURGE"]) {
      expect(requestDurability(verb)).toBe("write-remote");
    }
  });

  test("a statement by what it says, and by how it is executed", () => {
    for (const method of ["all", "first", "raw"]) {
      expect(statementDurability(method, "SELECT 1")).toBe("read-remote");
      expect(statementDurability(method, "DELETE FROM t")).toBe("write-remote");
    }
    expect(statementDurability("run", "SELECT 1")).toBe("write-remote");
  });
});

describe("statements", () => {
  test.each([
    "SELECT * FROM t",
    "  select 1 ; ",
    "-- first\nSELECT 1",
    "/* DELETE */ SELECT 1 -- ; DROP TABLE t",
    "SELECT 'a; DELETE FROM t', \"x;y\", `z;`, [w;] FROM t",
    "VALUES (1)",
    "EXPLAIN QUERY PLAN DELETE FROM t",
    "WITH x AS (SELECT 1) SELECT * FROM x",
    "WITH x AS (SELECT 'delete' AS a) SELECT * FROM x",
    "PRAGMA table_info(t)",
    "PRAGMA table_list",
    "PRAGMA foreign_key_check('t');",
  ])("that only read: %s", (sql) => {
    expect(isReadStatement(sql)).toBe(true);
  });

  test.each([
    "",
    ";",
    "INSERT INTO t VALUES (1)",
    "UPDATE t SET a = 1 RETURNING a",
    "REPLACE INTO t VALUES (1)",
    "CREATE TABLE t (a)",
    "SELECT 1; DELETE FROM t",
    "SELECT ''; DROP TABLE t",
    "SELECTION",
    "WITH x AS (SELECT 1) DELETE FROM t",
    "with x as (select 1) insert into t select * from x",
    "PRAGMA foreign_keys = ON",
    "PRAGMA optimize",
    "PRAGMA user_version(3)",
    "/* SELECT */ DELETE FROM t",
    "BEGIN",
    "(SELECT 1)",
  ])("that may write: %s", (sql) => {
    expect(isReadStatement(sql)).toBe(false);
  });
});
