import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "./stubs/google/rpc/error_details_pb.js";

/** Why a call failed, as the service says it. */
export interface Problem {
  /** The name of the gRPC code, such as "unavailable". */
  readonly code: string;
  /** A reason of error_reason.proto without its prefix, such as "NOT_READY". Undefined when no Virtuoso server answered. */
  readonly reason: string | undefined;
  /** A text for people. */
  readonly message: string;
  /** The time until the call may be repeated, milliseconds. Undefined when the service does not say. */
  readonly retryAfterMs: number | undefined;
  /** The wrong fields of the request, each with what is allowed. */
  readonly fields: readonly { readonly field: string; readonly description: string }[];
  /** The id of the request in the server's log. Undefined when the server sent none. */
  readonly requestId: string | undefined;
}

const DOMAIN = "virtuoso.market";

/** Return the problem that `error`, thrown by a call, describes. */
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

/** Return true for an error after which the same call may be repeated: no server could answer it. */
export function isTransient(error: unknown): boolean {
  return connectError(error).code === Code.Unavailable;
}

// `fetch` throws a TypeError without a code when there is no connection, or it breaks.
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
