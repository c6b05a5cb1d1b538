package main

import (
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/status"
)

// refusal is an error as a client reads it: the code, and what its details say.
type refusal struct {
	Code       string
	Message    string
	Reason     string
	Domain     string
	Metadata   map[string]string
	Violations map[string]string
	Retry      string

	pause time.Duration
}

// refusalOf is what the error of a call says; false when it is not a gRPC status.
func refusalOf(err error) (refusal, bool) {
	st, ok := status.FromError(err)
	if err == nil || !ok {
		return refusal{}, false
	}
	read := refusal{Code: st.Code().String(), Message: st.Message(), Violations: map[string]string{}}
	for _, detail := range st.Details() {
		switch of := detail.(type) {
		case *errdetails.ErrorInfo:
			read.Reason, read.Domain, read.Metadata = of.GetReason(), of.GetDomain(), of.GetMetadata()
		case *errdetails.BadRequest:
			for _, violation := range of.GetFieldViolations() {
				read.Violations[violation.GetField()] = violation.GetDescription()
			}
		case *errdetails.RetryInfo:
			read.pause = of.GetRetryDelay().AsDuration()
			read.Retry = read.pause.String()
		}
	}
	return read, true
}
