package notifytest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/notify/notifytest"
)

// A vendor that is down for two attempts.
func ExampleFailN() {
	var rec notifytest.Recorder
	n := notifytest.FailN(&rec, 2, errors.New("down"))
	for range 3 {
		_, err := n.Notify(context.Background(), notify.Notification{ID: "ns:a#1/0/0"})
		fmt.Println(err, rec.Len())
	}
	// Output:
	// down 0
	// down 0
	// <nil> 1
}

// A vendor that is slow, without a test that is.
func ExampleHold() {
	var rec notifytest.Recorder
	slow := notifytest.Hold(&rec)
	done := make(chan error)
	go func() {
		_, err := slow.Notify(context.Background(), notify.Notification{ID: "ns:a#1/0/0"})
		done <- err
	}()
	n := <-slow.Arrived()
	fmt.Println("under way:", n.ID, "taken:", rec.Len())
	slow.Release()
	fmt.Println("error:", <-done, "taken:", rec.Len())
	// Output:
	// under way: ns:a#1/0/0 taken: 0
	// error: <nil> taken: 1
}

// Whoever writes a Notifier tests it like this.
func ExampleRun() {
	_ = func(t *testing.T) { // func TestPager(t *testing.T)
		notifytest.Run(t, func(t *testing.T) notify.Notifier {
			return new(notifytest.Recorder) // NewPager(standInFor(t))
		}, func(n *notify.Notification) {
			n.Via = "sms" // the pager knows no other
		})
	}
}
