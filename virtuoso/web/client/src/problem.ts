import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "./stubs/google/rpc/error_details_pb.js";

/** A call that failed, with what the service said about it. */
export interface Problem {
  /** The gRPC code by its name, such as "unavailable". */
  readonly code: string;
  /** A reason of error_reason.proto without its prefix, such as "NOT_READY"; undefined where no server of ours answered. */
  readonly reason: string | undefined;
  /** In words, for a person. */
  readonly message: string;
  /** When to ask again, milliseconds from the answer on; undefined where the service does not say. */
  readonly retryAfterMs: number | undefined;
  /** Fields of the request to blame, each with what is allowed. */
  readonly fields: readonly { readonly field: string; readonly description: string }[];
  /** The id under which the server's log has it; undefined where it gave none. */
  readonly requestId: string | undefined;
}

const DOMAIN = "virtuoso.market";

/** What `error`, thrown by any call, means. */
export function problemOf(error: unknown): Problem {
  const failure = connectError(error);
  const info = failure.findDetails(ErrorInfoSchema).find(({ domain }) => domain === DOMAIN);
  const violations = detail(failure, BadRequestSchema)?.fieldViolations ?? [];
  const delay = detail(failure, RetryInfoSchema)?.retryDelay;
  return {
    code: codeName(failure.code),
    reason: info?.reason,
    message: failure.rawMessage || codeName(failure.code),
    retryAfterMs: delay && durationMs(delay),
    fields: violations.map(({ field, description }) => ({ field, description })),
    requestId: info?.metadata.request_id,
  };
}

/** True for what may be called again unchanged: no server could answer, and said so. */
export function isTransient(error: unknown): boolean {
  return connectError(error).code === Code.Unavailable;
}

// What `fetch` throws when there is no connection, or it breaks, comes without a code.
function connectError(error: unknown): ConnectError {
  const failure = ConnectError.from(error);
  const unreached = failure.code === Code.Unknown && failure.cause instanceof TypeError;
  return unreached ? new ConnectError("no connection to the service", Code.Unavailable) : failure;
}

function detail<Desc extends DescMessage>(error: ConnectError, schema: Desc): MessageShape<Desc> | undefined {
  return error.findDetails(schema)[0];
}

function codeName(code: Code): string {
  return Code[code].replace(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter}`).toLowerCase();
}
