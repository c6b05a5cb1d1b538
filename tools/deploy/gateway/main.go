// Command gateway is grpc-gateway in front of Virtuoso's servers: every unary RPC as JSON, and /healthz, for those who do
// not want Envoy. What it says means the same as what Envoy says: see README.md beside it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	market "virtuoso.market/stubs/gateway"
)

const (
	unaryTimeout = 10 * time.Second // far above the two seconds that an answer may take; Envoy allows 3 s
	readTimeout  = 10 * time.Second
	idleTimeout  = 5 * time.Minute
	grace        = 8 * time.Second
	requestID    = "x-request-id"
)

// service config: calls go round the servers, and none has side effects, so one that a server refuses because it goes or is
// not ready, or leaves without an answer, is asked of the next. While most calls fail none is asked again.
const config = `{
	"loadBalancingConfig": [{"round_robin": {}}],
	"methodConfig": [{
		"name": [{"service": "virtuoso.market.v1.MarketService"}],
		"retryPolicy": {
			"maxAttempts": 4,
			"initialBackoff": "0.02s",
			"maxBackoff": "0.2s",
			"backoffMultiplier": 2,
			"retryableStatusCodes": ["UNAVAILABLE", "CANCELLED"]
		}
	}],
	"retryThrottling": {"maxTokens": 100, "tokenRatio": 1}
}`

func main() {
	address := flag.String("address", setting("VIRTUOSO_GATEWAY_ADDRESS", "127.0.0.1:8080"),
		"host:port to listen on (VIRTUOSO_GATEWAY_ADDRESS)")
	servers := flag.String("grpc-address", setting("VIRTUOSO_GRPC_ADDRESS", "127.0.0.1:50051"),
		"host:port of the gRPC server; calls go round all addresses of a host name (VIRTUOSO_GRPC_ADDRESS)")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "gateway: %q is not understood: flags only, see gateway -help\n", flag.Arg(0))
		os.Exit(2)
	}
	stop, end := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer end()
	if err := serve(stop, *address, *servers); err != nil {
		fmt.Fprintln(os.Stderr, "gateway:", err)
		os.Exit(1)
	}
}

// setting is an environment variable, or what holds without it.
func setting(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

// serve answers on address until stop, then lets calls in flight finish.
func serve(stop context.Context, address, servers string) error {
	connection, err := connect(servers)
	if err != nil {
		return fmt.Errorf("-grpc-address %q: %w; expected host:port", servers, err)
	}
	defer func() { _ = connection.Close() }()
	handler, err := handler(connection)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("-address %q: %w; expected a free host:port of this machine", address, err)
	}
	slog.Info("JSON of every unary RPC", "address", listener.Addr().String(), "servers", servers)
	server := &http.Server{Handler: handler, ReadHeaderTimeout: readTimeout, ReadTimeout: readTimeout, IdleTimeout: idleTimeout}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-stop.Done():
	}
	inTime, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if err := server.Shutdown(inTime); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}

// connect is to the servers: dialled when the first call comes, and again within two seconds once they are back.
func connect(servers string) (*grpc.ClientConn, error) {
	if !strings.Contains(servers, "://") {
		if _, _, err := net.SplitHostPort(servers); err != nil {
			return nil, err
		}
	}
	pause := backoff.DefaultConfig
	pause.BaseDelay, pause.MaxDelay = 200*time.Millisecond, 2*time.Second
	return grpc.NewClient(servers,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(config),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: pause, MinConnectTimeout: time.Second}),
		grpc.WithUnaryInterceptor(unreached),
	)
}

// handler is the whole HTTP side.
func handler(connection *grpc.ClientConn) (http.Handler, error) {
	runtime.DefaultContextTimeout = unaryTimeout
	var mux *runtime.ServeMux
	refuse := func(w http.ResponseWriter, r *http.Request, err error) {
		_, marshaler := runtime.MarshalerForRequest(mux, r)
		runtime.HTTPError(r.Context(), mux, marshaler, w, r, err)
	}
	mux = runtime.NewServeMux(
		// Zeros, empty lists and enums are written out, so that `rows.length` works; an `optional` number that was not
		// measured stays absent all the same. Envoy's always_print_primitive_fields is the same.
		runtime.WithMarshalerOption(runtime.MIMEWildcard, &runtime.JSONPb{
			MarshalOptions: protojson.MarshalOptions{EmitDefaultValues: true},
		}),
		runtime.WithMiddlewares(strict(refuse)),
		runtime.WithErrorHandler(explain),
		runtime.WithRoutingErrorHandler(unknownRPC),
		runtime.WithDisablePathLengthFallback(), // a POST of a form is not a GET
		runtime.WithIncomingHeaderMatcher(only(requestID)),
		runtime.WithOutgoingHeaderMatcher(only(requestID)),
		runtime.WithOutgoingTrailerMatcher(only()),
		runtime.WithForwardResponseOption(head),
		runtime.WithHealthzEndpoint(healthpb.NewHealthClient(connection)),
	)
	slashless := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			r.URL.Path = strings.TrimSuffix(r.URL.Path, "/") // else it would end in an empty symbol
		}
		mux.ServeHTTP(w, r)
	}
	return http.HandlerFunc(slashless), market.RegisterMarketServiceHandler(context.Background(), mux, connection)
}

// only lets the named headers pass, as they are.
func only(names ...string) runtime.HeaderMatcherFunc {
	return func(key string) (string, bool) {
		for _, name := range names {
			if strings.EqualFold(key, name) {
				return name, true
			}
		}
		return "", false
	}
}

// head of every reply: no cache may keep what is true for seconds; the request's id finds it in the servers' log.
func head(ctx context.Context, w http.ResponseWriter, _ proto.Message) error {
	w.Header().Set("Cache-Control", "no-store")
	if metadata, ok := runtime.ServerMetadataFromContext(ctx); ok {
		for _, id := range metadata.TrailerMD.Get(requestID) {
			w.Header().Set(requestID, id)
		}
	}
	return nil
}
