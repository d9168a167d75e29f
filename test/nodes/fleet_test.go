//go:build unix

package nodes

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// node is one process.
type node struct {
	name string
	cmd  *exec.Cmd
	in   io.WriteCloser
	said chan struct{} // closed when all that it said was read
}

// sighting is a page as the fleet saw it first.
type sighting struct {
	id, name, tier string // the alert's name is key#n
	at             int64  // in microseconds since 1970
	again          int    // how often it was said again
}

// fleet is some processes on one database, and what they say.
type fleet struct {
	t   *testing.T
	url string
	bug string

	mu      sync.Mutex
	r       *rand.Rand
	nodes   []*node
	waiting map[string]chan string // by the number of the call
	calls   int
	pages   []*sighting
	changed chan struct{} // closed when a page was seen
	log     []string      // what they say beside
}

// newFleet starts count nodes on the database.
func newFleet(t *testing.T, url, bug string, count int) *fleet {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	f := &fleet{
		t: t, url: url, bug: bug, r: rand.New(rand.NewPCG(seed, 0)),
		waiting: map[string]chan string{}, changed: make(chan struct{}),
	}
	for i := range count {
		f.nodes = append(f.nodes, f.start(fmt.Sprint("n", i)))
	}
	t.Cleanup(func() {
		for i := range f.nodes {
			f.kill(i)
		}
	})
	return f
}

// start starts a process.
func (f *fleet) start(name string) *node {
	f.t.Helper()
	self, err := os.Executable()
	if err != nil {
		f.t.Fatal(err)
	}
	n := &node{name: name, cmd: exec.Command(self, f.url, name, f.bug), said: make(chan struct{})}
	n.cmd.Env = append(os.Environ(), asNode+"=1")
	var out io.ReadCloser
	if n.in, err = n.cmd.StdinPipe(); err == nil {
		out, err = n.cmd.StdoutPipe()
	}
	n.cmd.Stderr = logger{f, name}
	if err == nil {
		err = n.cmd.Start()
	}
	if err != nil {
		f.t.Fatal(err)
	}
	go f.listen(n, out)
	return n
}

// listen reads what a node says, until it is dead.
func (f *fleet) listen(n *node, out io.Reader) {
	defer close(n.said)
	for lines := bufio.NewReader(out); ; {
		line, err := lines.ReadString('\n')
		if err != nil {
			return // half a line was interrupted
		}
		f.heard(n, strings.TrimSuffix(line, "\n"))
	}
}

// heard is told of each line.
func (f *fleet) heard(n *node, line string) {
	now := micros()
	f.mu.Lock()
	defer f.mu.Unlock()
	verb, rest, _ := strings.Cut(line, " ")
	switch verb {
	case "answer", "failed":
		number, what, _ := strings.Cut(rest, " ")
		if c := f.waiting[number]; c != nil {
			if verb == "answer" {
				c <- what
			}
			close(c)
			delete(f.waiting, number)
		}
		if verb == "failed" {
			f.log = append(f.log, n.name+": "+line)
		}
	case "page":
		w := strings.Fields(rest)
		f.page(sighting{id: w[0], name: w[1], tier: w[2], at: now})
	default:
		f.log = append(f.log, n.name+": "+line)
	}
}

// page notes a page; the lock is held.
func (f *fleet) page(s sighting) {
	for _, old := range f.pages {
		if old.id == s.id {
			old.again++
			return
		}
	}
	f.pages = append(f.pages, &s)
	close(f.changed)
	f.changed = make(chan struct{})
}

// seen waits until the page of a tier was seen, and reports whether it was
// within most.
func (f *fleet) seen(name, tier string, most time.Duration) bool {
	limit := time.NewTimer(most)
	defer limit.Stop()
	for {
		f.mu.Lock()
		changed := f.changed
		for _, p := range f.pages {
			if p.name == name && p.tier == tier {
				f.mu.Unlock()
				return true
			}
		}
		f.mu.Unlock()
		select {
		case <-changed:
		case <-limit.C:
			return false
		}
	}
}

// call says one command to a node, and returns its answer; ok is false when the
// node fails, dies, or takes longer than patience, and nothing is known.
func (f *fleet) call(i int, patience time.Duration, verb verb, key, id string) (answer string, ok bool) {
	f.mu.Lock()
	f.calls++
	number, c, n := fmt.Sprint(f.calls), make(chan string, 1), f.nodes[i]
	f.waiting[number] = c
	f.mu.Unlock()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	if _, err := fmt.Fprintln(n.in, number, verb, key, id); err == nil {
		select {
		case answer, ok = <-c:
			return answer, ok
		case <-n.said:
		case <-limit.C:
		}
	}
	f.mu.Lock()
	delete(f.waiting, number)
	f.mu.Unlock()
	return "", false
}

// kill is kill -9, and restart starts the node again.
func (f *fleet) kill(i int) {
	f.mu.Lock()
	n := f.nodes[i]
	f.mu.Unlock()
	_ = n.cmd.Process.Kill()
	<-n.said
	_ = n.cmd.Wait() // it was killed
}

func (f *fleet) restart(i int) {
	f.kill(i)
	n := f.start(fmt.Sprint("n", i))
	f.mu.Lock()
	f.nodes[i] = n
	f.mu.Unlock()
}

// pause is kill -STOP, and resume kill -CONT.
func (f *fleet) pause(i int)  { f.signal(i, syscall.SIGSTOP) }
func (f *fleet) resume(i int) { f.signal(i, syscall.SIGCONT) }

func (f *fleet) signal(i int, s syscall.Signal) {
	if err := f.nodes[i].cmd.Process.Signal(s); err != nil {
		f.t.Errorf("%v: %v", s, err)
	}
}

// end lets every node finish what it does, which it must do well.
func (f *fleet) end() {
	f.t.Helper()
	for _, n := range f.nodes {
		_ = n.in.Close() // it ends with its input
		<-n.said
		if err := n.cmd.Wait(); err != nil {
			f.t.Errorf("%s: %v", n.name, err)
		}
	}
}

// below is a random number, and between a random time.
func (f *fleet) below(n int) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.r.IntN(n)
}

func (f *fleet) between(least, most time.Duration) time.Duration {
	return least + time.Duration(f.below(int(most-least)))
}

// pass lets real time pass: the processes have no other.
func pass(d time.Duration) {
	wait := time.NewTimer(d)
	defer wait.Stop()
	<-wait.C
}

// micros is the instant by the clock that the engines of this machine share.
func micros() int64 { return time.Now().UnixMicro() }

// logger keeps what a node says on standard error.
type logger struct {
	f    *fleet
	name string
}

func (l logger) Write(b []byte) (int, error) {
	l.f.mu.Lock()
	defer l.f.mu.Unlock()
	l.f.log = append(l.f.log, l.name+": "+strings.TrimSpace(string(b)))
	return len(b), nil
}
