// Command interop is a client of the market service made of nothing but generated stubs and grpc-go, as an internal
// service in Go would be one. tests/interop/test_go.py runs it and reads what it prints: one JSON value a line.
//
//	interop ADDRESS calls             unary calls from standard input, {"rpc", "request", "timeout"} a line; one answer each
//	interop ADDRESS dashboard         WatchDashboard, taken up again whenever it ends with UNAVAILABLE
//	interop ADDRESS alerts CURSOR     WatchAlerts from there, the same
//	interop ADDRESS health SERVICE    Watch of the standard health service
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"virtuoso.market/stubs/marketv1"
)

func main() {
	if len(os.Args) < 3 {
		fail(errors.New("ADDRESS and a command are needed"))
	}
	connection, err := grpc.NewClient(os.Args[1], grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		fail(err)
	}
	word := ""
	if len(os.Args) > 3 {
		word = os.Args[3]
	}
	client := marketv1.NewMarketServiceClient(connection)
	switch os.Args[2] {
	case "calls":
		err = calls(client)
	case "dashboard":
		err = dashboard(client)
	case "alerts":
		err = alerts(client, word)
	case "health":
		err = health(healthpb.NewHealthClient(connection), word)
	default:
		err = fmt.Errorf("%q is no command", os.Args[2])
	}
	if err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "interop:", err)
	os.Exit(1)
}

// say prints one line.
func say(line any) error { return json.NewEncoder(os.Stdout).Encode(line) }

// called is what a message looks like in a line.
func called(message proto.Message) (json.RawMessage, error) { return protojson.Marshal(message) }

type call struct {
	RPC     string
	Request json.RawMessage
	Timeout string
}

// calls makes each call by the stub's method of that name, so that no RPC of the contract needs a line here.
func calls(client marketv1.MarketServiceClient) error {
	lines := json.NewDecoder(os.Stdin)
	for lines.More() {
		one := call{Timeout: "10s"}
		if err := lines.Decode(&one); err != nil {
			return err
		}
		reply, err := unary(client, one)
		if refused, ok := refusalOf(err); ok {
			err = say(map[string]any{"refusal": refused})
		} else if err == nil {
			err = say(map[string]any{"reply": reply})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func unary(client marketv1.MarketServiceClient, one call) (json.RawMessage, error) {
	method := reflect.ValueOf(client).MethodByName(one.RPC)
	if !method.IsValid() {
		return nil, fmt.Errorf("the stubs have no method %q", one.RPC)
	}
	request := reflect.New(method.Type().In(1).Elem())
	if err := protojson.Unmarshal(one.Request, request.Interface().(proto.Message)); err != nil {
		return nil, err
	}
	timeout, err := time.ParseDuration(one.Timeout)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	results := method.Call([]reflect.Value{reflect.ValueOf(ctx), request})
	if err, failed := results[1].Interface().(error); failed {
		return nil, err
	}
	return called(results[0].Interface().(proto.Message))
}

func dashboard(client marketv1.MarketServiceClient) error {
	token := ""
	return again(func(ctx context.Context) error {
		stream, err := client.WatchDashboard(ctx, &marketv1.WatchDashboardRequest{ResumeToken: token})
		if err != nil {
			return err
		}
		return each(stream.Recv, func(message *marketv1.WatchDashboardResponse) { token = message.GetResumeToken() })
	})
}

func alerts(client marketv1.MarketServiceClient, cursor string) error {
	return again(func(ctx context.Context) error {
		stream, err := client.WatchAlerts(ctx, &marketv1.WatchAlertsRequest{Cursor: cursor})
		if err != nil {
			return err
		}
		return each(stream.Recv, func(message *marketv1.WatchAlertsResponse) { cursor = message.GetCursor() })
	})
}

func health(client healthpb.HealthClient, service string) error {
	stream, err := client.Watch(context.Background(), &healthpb.HealthCheckRequest{Service: service})
	if err != nil {
		return err
	}
	return each(stream.Recv, func(*healthpb.HealthCheckResponse) {})
}

// each prints the messages of a stream until it ends; seen has them first.
func each[M proto.Message](receive func() (M, error), seen func(M)) error {
	for {
		message, err := receive()
		if err != nil {
			return err
		}
		seen(message)
		line, err := called(message)
		if err != nil {
			return err
		}
		if err := say(map[string]any{"message": line}); err != nil {
			return err
		}
	}
}

// again watches for as long as streams end with UNAVAILABLE, with the pause that RetryInfo asks for; it says each end.
func again(watch func(context.Context) error) error {
	for {
		err := watch(context.Background())
		refused, ok := refusalOf(err)
		if !ok {
			return err
		}
		if err := say(map[string]any{"refusal": refused}); err != nil {
			return err
		}
		if refused.Code != "Unavailable" {
			return err
		}
		time.Sleep(max(refused.pause, 100*time.Millisecond))
	}
}
