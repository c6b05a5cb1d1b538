package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"
	"virtuoso.market/stubs/marketv1"
)

// What the gateway says itself, when no server could, in the shape of the servers' own errors: google.rpc.Status with an
// ErrorInfo. The servers' errors are passed on as they are.

const (
	domain     = "virtuoso.market"
	retryAfter = time.Second
)

// unreached tells who calls that no server answered: gRPC's own UNAVAILABLE and DEADLINE_EXCEEDED have no details.
func unreached(
	ctx context.Context, method string, request, reply any,
	connection *grpc.ClientConn, call grpc.UnaryInvoker, options ...grpc.CallOption,
) error {
	err := call(ctx, method, request, reply, connection, options...)
	if err == nil {
		return nil
	}
	said := status.Convert(err)
	var last interface{ GRPCStatus() *status.Status }
	if errors.As(err, &last) {
		said = last.GRPCStatus() // without what gRPC says of its attempts
	}
	if (said.Code() == codes.Unavailable || said.Code() == codes.DeadlineExceeded) && len(said.Details()) == 0 {
		again := &errdetails.RetryInfo{RetryDelay: durationpb.New(retryAfter)}
		return errorWithReason(codes.Unavailable, "no server answers behind the gateway", marketv1.ErrorReason_ERROR_REASON_NO_SERVER, again)
	}
	return said.Err()
}

// explain writes an error; one about the request that no server has seen gets its reason.
func explain(
	ctx context.Context, mux *runtime.ServeMux, marshaler runtime.Marshaler, w http.ResponseWriter, r *http.Request, err error,
) {
	said := status.Convert(err)
	if said.Code() == codes.InvalidArgument && len(said.Details()) == 0 {
		err = errorWithReason(said.Code(), said.Message(), marketv1.ErrorReason_ERROR_REASON_INVALID_FIELD)
	}
	_ = head(ctx, w, nil)
	runtime.DefaultHTTPErrorHandler(ctx, mux, marshaler, w, r, err)
}

// unknownRPC replies to a request whose path or method matches no RPC.
func unknownRPC(
	ctx context.Context, mux *runtime.ServeMux, marshaler runtime.Marshaler,
	w http.ResponseWriter, r *http.Request, httpStatus int,
) {
	message := fmt.Sprintf("no RPC has the path %s %s", r.Method, r.URL.Path)
	err := errorWithReason(codes.NotFound, message, marketv1.ErrorReason_ERROR_REASON_UNKNOWN_RPC)
	if httpStatus == http.StatusBadRequest {
		err = status.Error(codes.InvalidArgument, message)
	}
	explain(ctx, mux, marshaler, w, r, err)
}

// errorWithReason returns an error with a reason of the contract.
func errorWithReason(code codes.Code, message string, reason marketv1.ErrorReason, more ...protoadapt.MessageV1) error {
	name := reason.String()[len("ERROR_REASON_"):]
	details := append([]protoadapt.MessageV1{&errdetails.ErrorInfo{Reason: name, Domain: domain}}, more...)
	said, err := status.New(code, message).WithDetails(details...)
	if err != nil {
		return status.Error(code, message)
	}
	return said.Err()
}
