package sip

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"

	sipmsg "github.com/emiago/sipgo/sip"
)

// What a request can come to instead of a response.
var (
	errTimeout   = errors.New("no answer")
	errTransport = errors.New("could not be sent")
	errCancelled = errors.New("cancelled by the far end")
)

// statusOf gives a request that failed without a response the status that
// RFC 3261 §8.1.3.1 gives it: 408 for a timeout, 503 for the transport.
func statusOf(err error) int {
	if errors.Is(err, errTimeout) {
		return 408
	}
	return 503
}

// endpoint is sipgo's transaction layer with what we add: messages in our own
// form at the edge, ICMP errors, counting.
type endpoint struct {
	*wire
	txl     *sipmsg.TransactionLayer
	ctx     context.Context // ends with the agent
	clients atomic.Int64
	servers atomic.Int64
	pending sync.Map // *clientTx -> struct{}: sent, nothing heard yet
	wg      group
}

func newEndpoint(ctx context.Context, w *wire, unexpected func(*sipmsg.Response)) *endpoint {
	e := &endpoint{wire: w, ctx: ctx}
	e.txl = sipmsg.NewTransactionLayer(w.tpl, // sets the message handler of tpl
		sipmsg.WithTransactionLayerLogger(slog.New(demote{w.log.Handler()})),
		sipmsg.WithTransactionLayerUnhandledResponseHandler(unexpected),
		sipmsg.WithTransactionLayerTerminateOnConnClose())
	w.lost = e.unreachable
	return e
}

// clientTx is one request on its way.
type clientTx struct {
	ep     *endpoint
	tx     *sipmsg.ClientTx
	remote netip.AddrPort
	heard  atomic.Bool
	quit   chan struct{}
	once   sync.Once
}

// request sends a request in a transaction of its own. deliver gets every
// response in order and at last, if there was no final one, an error; for an
// INVITE also each further 2xx (RFC 6026 §7.2). It is called from goroutines
// of this package and must not block.
func (e *endpoint) request(f flow, raw []byte, deliver func(*message, error)) (*clientTx, error) {
	if e.ctx.Err() != nil {
		return nil, fmt.Errorf("%w: %w", errTransport, ErrClosed)
	}
	req, err := e.parseRequest(f, raw)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(e.ctx, writeTimeout)
	defer cancel()
	tx, err := e.txl.NewClientTransaction(ctx, req)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", errTransport, err)
	}
	c := &clientTx{ep: e, tx: tx, remote: f.remote, quit: make(chan struct{})}
	tx.OnRetransmission(func(r *sipmsg.Response) { deliver(fromResponse(r), nil) })
	e.clients.Add(1)
	if !tx.OnTerminate(func(string, error) { e.clients.Add(-1) }) {
		e.clients.Add(-1)
	}
	e.pending.Store(c, struct{}{})
	if err := tx.Init(); err != nil {
		e.pending.Delete(c)
		tx.Terminate()
		return nil, fmt.Errorf("%w: %v", errTransport, err)
	}
	// ends with the final response, the transaction or stop
	if !e.wg.Go(func() { c.run(deliver) }) {
		e.pending.Delete(c)
		tx.Terminate()
		return nil, fmt.Errorf("%w: %w", errTransport, ErrClosed)
	}
	return c, nil
}

func (c *clientTx) run(deliver func(*message, error)) {
	defer c.ep.pending.Delete(c)
	for {
		select {
		case r := <-c.tx.Responses():
			if !c.heard.Swap(true) {
				c.ep.pending.Delete(c)
			}
			final := r.StatusCode >= 200
			deliver(fromResponse(r), nil)
			if final {
				return
			}
		case <-c.quit:
			c.tx.Terminate()
			deliver(nil, errTransport)
			return
		case <-c.tx.Done():
			err := errTransport
			if errors.Is(c.tx.Err(), sipmsg.ErrTransactionTimeout) {
				err = errTimeout
			}
			deliver(nil, err)
			return
		}
	}
}

// stop ends a transaction that got no final response; deliver sees
// errTransport.
func (c *clientTx) stop() { c.once.Do(func() { close(c.quit) }) }

// unreachable ends the requests to a peer from which an ICMP error came and
// nothing was heard yet.
func (e *endpoint) unreachable(to netip.AddrPort) {
	e.pending.Range(func(k, _ any) bool {
		if c := k.(*clientTx); c.remote == to && !c.heard.Load() {
			c.stop()
		}
		return true
	})
}

// push sends a request that has no transaction: the ACK of a 2xx.
func (e *endpoint) push(f flow, raw []byte) error {
	if e.ctx.Err() != nil {
		return ErrClosed
	}
	req, err := e.parseRequest(f, raw)
	if err != nil {
		return err
	}
	return e.tpl.WriteMsg(req)
}

func (e *endpoint) parseRequest(f flow, raw []byte) (*sipmsg.Request, error) {
	msg, err := e.parser.ParseSIP(raw)
	if err != nil {
		return nil, fmt.Errorf("sip: request does not parse: %w", err)
	}
	req, ok := msg.(*sipmsg.Request)
	if !ok {
		return nil, fmt.Errorf("sip: not a request: %.40q", raw)
	}
	req.SetTransport(strings.ToUpper(f.network))
	req.SetDestination(f.remote.String())
	if f.network == "udp" {
		// From the listener's socket, not from a new one.
		req.Laddr = sipmsg.Addr{IP: f.local.Addr().AsSlice(), Port: int(f.local.Port())}
	}
	return req, nil
}

// serverTx is a request of a peer that waits for our answer.
type serverTx struct {
	ep     *endpoint
	tx     *sipmsg.ServerTx
	dest   string
	cancel bool
}

// respond sends a response text. For an INVITE it may be called again with
// the same 2xx, RFC 6026 §7.1.
func (s *serverTx) respond(raw []byte) error {
	msg, err := s.ep.parser.ParseSIP(raw)
	if err != nil {
		return fmt.Errorf("sip: response does not parse: %w", err)
	}
	res, ok := msg.(*sipmsg.Response)
	if !ok {
		return fmt.Errorf("sip: not a response: %.40q", raw)
	}
	res.SetTransport(s.tx.Origin().MessageData.Transport())
	res.SetDestination(s.dest)
	err = s.tx.Respond(res)
	if s.cancel {
		s.tx.Terminate() // sipgo writes the answer to a CANCEL past the state machine and would keep the transaction
	}
	if errors.Is(err, sipmsg.ErrTransactionCanceled) {
		return errCancelled // 487 is out: what we send now goes nowhere
	}
	return err
}

// onRequest receives what sipgo's transaction layer hands up, each in a
// goroutine of its own.
func (e *endpoint) onRequest(handle func(*message, *serverTx)) {
	e.txl.OnRequest(func(req *sipmsg.Request, tx *sipmsg.ServerTx) {
		m := fromRequest(req)
		s := &serverTx{ep: e, tx: tx, cancel: m.method == "CANCEL", dest: destination(m)}
		if m.method == "ACK" {
			tx.Terminate() // an ACK to a 2xx; it has no transaction
			handle(m, nil)
			return
		}
		e.servers.Add(1)
		if !tx.OnTerminate(func(string, error) { e.servers.Add(-1) }) {
			e.servers.Add(-1)
		}
		handle(m, s)
	})
}

// watch passes on what sipgo keeps inside an INVITE's server transaction:
// CANCEL, and an ACK that came with the branch of the INVITE. It ends with
// the transaction, at most 64*T1 after the final response.
func (s *serverTx) watch(cancelled func(), acked func(*message)) {
	if !s.tx.OnCancel(func(*sipmsg.Request) { cancelled() }) {
		cancelled()
	}
	s.ep.wg.Go(func() {
		for {
			select {
			case ack := <-s.tx.Acks():
				acked(fromRequest(ack))
			case <-s.tx.Done():
				return
			}
		}
	})
}

// destination is where the response to a request goes: RFC 3261 §18.2.2,
// RFC 3581 §4.
func destination(m *message) string {
	sent, p := splitVia(m.get("Via"))
	if p.has("rport") || m.network != "udp" {
		return m.source.String()
	}
	_, host, _ := cutLWS(sent)
	var u uri
	if u.setHostport(host) != nil {
		return m.source.String()
	}
	return netip.AddrPortFrom(m.source.Addr(), defaultPort(u.port)).String()
}

func fromRequest(r *sipmsg.Request) *message {
	m := &message{method: string(r.Method), version: r.SipVersion, body: r.Body()}
	m.uri = r.Recipient.String()
	m.take(r.Headers(), r.MessageData.Transport(), r.MessageData.Source())
	return m
}

func fromResponse(r *sipmsg.Response) *message {
	m := &message{status: r.StatusCode, reason: r.Reason, version: r.SipVersion, body: r.Body()}
	m.take(r.Headers(), r.MessageData.Transport(), r.MessageData.Source())
	return m
}

func (m *message) take(hs []sipmsg.Header, network, source string) {
	m.fields = make([]field, 0, len(hs))
	for _, h := range hs {
		m.fields = append(m.fields, field{h.Name(), h.Value()})
	}
	m.network = strings.ToLower(network)
	src, _ := netip.ParseAddrPort(source)
	m.source = netip.AddrPortFrom(src.Addr().Unmap(), src.Port())
}

func newBranch() string { return "z9hG4bK" + rand.Text() } // RFC 3261 §8.1.1.7
func newTag() string    { return rand.Text()[:16] }        // RFC 3261 §19.3: 80 bits
func newCallID() string { return rand.Text() }
