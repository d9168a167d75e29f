//go:build unix

package nodes

import (
	"context"
	"os"
	"os/signal"
	"testing"
)

// asNode makes the test's binary an engine, so that there are real processes to
// kill and to pause.
const asNode = "BELFRY_TEST_NODE"

func TestMain(m *testing.M) {
	if os.Getenv(asNode) == "" {
		os.Exit(m.Run())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := program(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
