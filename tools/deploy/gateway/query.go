package main

import (
	"net/http"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"virtuoso.market/stubs/marketv1"
)

// strict refuses query parameters that the contract does not know, where grpc-gateway passes over them: a misspelt filter
// must not look like one that found everything.
func strict(refuse func(http.ResponseWriter, *http.Request, error)) runtime.Middleware {
	requests := requests()
	return func(next runtime.HandlerFunc) runtime.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request, path map[string]string) {
			pattern, _ := runtime.HTTPPattern(r.Context())
			request := requests[pattern.String()]
			for name := range r.URL.Query() {
				if request != nil && !known(request, strings.Split(name, ".")) {
					refuse(w, r, status.Errorf(codes.InvalidArgument, "query parameter %q: %s has no such field", name, request.Name()))
					return
				}
			}
			next(w, r, path)
		}
	}
}

// requests of the RPCs by their paths, as a runtime.Pattern writes them.
func requests() map[string]protoreflect.MessageDescriptor {
	found := map[string]protoreflect.MessageDescriptor{}
	services := marketv1.File_virtuoso_market_v1_market_service_proto.Services()
	for i := range services.Len() {
		methods := services.Get(i).Methods()
		for j := range methods.Len() {
			rule, _ := proto.GetExtension(methods.Get(j).Options(), annotations.E_Http).(*annotations.HttpRule)
			found[strings.ReplaceAll(rule.GetGet(), "}", "=*}")] = methods.Get(j).Input()
		}
	}
	return found
}

// known says whether the path names a field, by its name in the contract or in JSON.
func known(message protoreflect.MessageDescriptor, path []string) bool {
	for _, part := range path {
		if message == nil {
			return false
		}
		field := message.Fields().ByTextName(part)
		if field == nil {
			field = message.Fields().ByJSONName(part)
		}
		if field == nil {
			return false
		}
		message = field.Message()
	}
	return true
}
