import { durationMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "./stubs/google/rpc/error_details_pb.js";
const DOMAIN = "virtuoso.market";
/** Return the problem that `error`, thrown by a call, describes. */
export function problemOf(error) {
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
export function isTransient(error) {
    return connectError(error).code === Code.Unavailable;
}
// `fetch` throws a TypeError without a code when there is no connection, or it breaks.
function connectError(error) {
    const failure = ConnectError.from(error);
    const unreached = failure.code === Code.Unknown && failure.cause instanceof TypeError;
    return unreached ? new ConnectError("no connection to the service", Code.Unavailable) : failure;
}
function detail(error, schema) {
    return error.findDetails(schema)[0];
}
function codeName(code) {
    return Code[code].replace(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter}`).toLowerCase();
}
