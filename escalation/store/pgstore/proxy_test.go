package pgstore_test

import (
	"bytes"
	"net"
	"net/url"
	"sync"
	"testing"
)

// fate is what befalls a connection.
type fate int

const (
	passes     fate = iota
	cutBefore       // it breaks before the server has read the statement
	cutAfter        // it breaks when the server has done it, before the answer is through
	hangBefore      // nothing is forwarded any more: the server has not read the statement
	hangAfter       // and here it has done it
)

func (f fate) String() string {
	return [...]string{"passes", "cut before", "cut after", "hangs before", "hangs after"}[f]
}

// reached reports whether the server reads the statement.
func (f fate) reached() bool { return f == passes || f == cutAfter || f == hangAfter }

// proxy stands between a store and its server, and breaks connections at the
// worst moments.
type proxy struct {
	t        *testing.T
	listener net.Listener
	server   string

	mu     sync.Mutex
	marked []byte // what a statement has in it that meets the fate
	fate   fate
	met    int  // how often it was met
	lasts  bool // afterwards every connection hangs, those to come too
	hung   bool
	conns  map[net.Conn]bool
	going  sync.WaitGroup
}

// newProxy makes a proxy, and returns the URL that leads through it.
func newProxy(t *testing.T, through string) (*proxy, string) {
	t.Helper()
	u, err := url.Parse(through)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{t: t, listener: listener, server: u.Host, conns: map[net.Conn]bool{}}
	p.going.Go(p.accept)
	t.Cleanup(func() {
		_ = listener.Close()
		p.heal()
		p.going.Wait()
	})
	u.Host = listener.Addr().String()
	query := u.Query()
	query.Set("sslmode", "disable")
	u.RawQuery = query.Encode()
	return p, u.String()
}

// arm has the next statement with a text in it meet a fate; with lasts, all
// connections hang from then on.
func (p *proxy) arm(f fate, text string, lasts bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.marked, p.fate, p.lasts, p.met = []byte(text), f, lasts, 0
}

// hang has every connection hang, those to come too.
func (p *proxy) hang() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hung = true
}

// heal ends all connections that hang, and lets those to come through.
func (p *proxy) heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fate, p.hung, p.lasts = passes, false, false
	for c := range p.conns {
		_ = c.Close()
	}
}

// times is how often the fate was met.
func (p *proxy) times() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.met
}

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.going.Go(func() { p.serve(client) })
	}
}

func (p *proxy) serve(client net.Conn) {
	server, err := net.Dial("tcp", p.server)
	if err != nil {
		_ = client.Close()
		return
	}
	l := &link{proxy: p, client: client, server: server}
	p.mu.Lock()
	p.conns[client], p.conns[server] = true, true
	p.mu.Unlock()
	p.going.Go(func() { l.pump(client, server, l.ask) })
	l.pump(server, client, l.answer)
	p.mu.Lock()
	delete(p.conns, client)
	delete(p.conns, server)
	p.mu.Unlock()
}

// link is one connection through the proxy.
type link struct {
	*proxy
	client, server net.Conn
	seen           []byte // the last that the client said
	met            fate
}

// pump forwards what look lets through, until either side ends.
func (l *link) pump(from, to net.Conn, look func([]byte) bool) {
	defer l.client.Close()
	defer l.server.Close()
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 && look(buf[:n]) {
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
		if l.ends() {
			return
		}
	}
}

// ends reports whether the link is to break now.
func (l *link) ends() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.met == cutBefore
}

// ask looks at what the client says.
func (l *link) ask(b []byte) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.hung || l.met == hangBefore || l.met == hangAfter {
		return false
	}
	l.seen = append(l.seen, b...)
	if len(l.seen) > 2*len(b)+len(l.marked) {
		l.seen = l.seen[len(l.seen)-len(b)-len(l.marked):]
	}
	if l.fate == passes || !bytes.Contains(l.seen, l.marked) {
		return true
	}
	l.met = l.fate
	l.fate = passes
	l.proxy.met++
	l.hung = l.lasts && !l.met.reached()
	return l.met.reached()
}

// ready is how the server's answer ends: ReadyForQuery, outside a transaction.
var ready = []byte{'Z', 0, 0, 0, 5, 'I'}

// answer looks at what the server says.
func (l *link) answer(b []byte) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.met == cutAfter && bytes.HasSuffix(b, ready):
		l.met = cutBefore // which it is for the answer
		l.hung = l.lasts
		return false
	case l.met == hangAfter:
		l.hung = l.lasts
		return false
	}
	return !l.hung && l.met == passes
}
