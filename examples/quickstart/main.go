// Command quickstart shows Belfry at work: a day in which four machine
// identities get into trouble, in a few seconds.
//
// It reads a policy file, turns events of AWS Secrets Manager, GitHub secret
// scanning, cert-manager and a partner inventory into alerts, and drives the
// real engine with them: people are paged, acknowledge or stay silent, gates
// close and open, a review is voted on. At the end it prints each alert's
// timeline with the reason for every step.
//
//	go run ./examples/quickstart
//
// The clock runs 600 times as fast as yours, and skips stretches in which nobody
// does anything and nothing is due. With -json every line is a JSON object, with
// -speed 0 nothing waits.
package main

import (
	"context"
	"embed"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"
)

// files are the policies, the inventory and the payloads that the day brings.
//
//go:embed policies.yaml inventory.json events/*.json
var files embed.FS

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := program(ctx, os.Args[1:], os.Stdout, os.Stderr, pause)
	stop()
	os.Exit(code)
}

// pause waits in real time; the example's only look at the computer's clock.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// program is main without the process: wait is how time passes for whoever
// watches.
func program(ctx context.Context, args []string, stdout, stderr io.Writer, wait func(context.Context, time.Duration) error) int {
	flags := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	flags.SetOutput(stderr)
	asJSON := flags.Bool("json", false, "print each line as a JSON object")
	speed := flags.Float64("speed", 600, "how many `times` as fast the clock runs; 0: nothing waits")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if flags.NArg() > 0 || *speed < 0 {
		_, _ = fmt.Fprintln(stderr, "quickstart: there are no arguments, and the clock does not run backwards; see -help")
		return 2
	}
	pace := func(ctx context.Context, d time.Duration) error {
		if *speed == 0 {
			return ctx.Err()
		}
		return wait(ctx, time.Duration(float64(min(d, longest)) / *speed))
	}
	if err := play(ctx, &printer{w: stdout, json: *asJSON}, stderr, pace); err != nil {
		_, _ = fmt.Fprintln(stderr, "quickstart:", err)
		return 1
	}
	return 0
}

// play reads the day and plays it.
func play(ctx context.Context, out *printer, lastResort io.Writer, pace func(context.Context, time.Duration) error) error {
	src, err := files.ReadFile("inventory.json")
	if err != nil {
		return err
	}
	inv, err := readInventory(src)
	if err != nil {
		return err
	}
	steps, err := day(inv)
	if err != nil {
		return err
	}
	h, err := newHost(steps[0].at, out, lastResort, pace)
	if err != nil {
		return err
	}
	return h.run(ctx, steps)
}

// longest is the longest stretch that is waited for; of a longer one the rest is
// skipped.
const longest = 3 * time.Minute
