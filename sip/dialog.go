package sip

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// dialog is RFC 3261 §12: who, where to, and how far the numbers went.
type dialog struct {
	callID     string
	local      string // From value of our requests, with our tag
	remote     string // To value of our requests, without tag
	localTag   string
	remoteTag  string
	localSeq   uint32
	remoteSeq  uint32 // 0: nothing came yet
	target     string // remote target URI
	routes     []string
	flow       flow // the way requests took last
	targetFlow string
}

// to is the To value of a request: without tag until there is one, and also
// where a peer sent a 200 without (pjproject #3394).
func (d *dialog) to() string {
	if d.remoteTag == "" {
		return d.remote
	}
	return d.remote + ";tag=" + d.remoteTag
}

// way gives request URI, Route headers and next hop of a request in the
// dialog. RFC 3261 §12.2.1.1; a strict router gets its old-fashioned form.
func (d *dialog) way() (requestURI string, routes []string, hop string) {
	if len(d.routes) == 0 {
		return d.target, nil, d.target
	}
	first, err := parseAddress(d.routes[0])
	if err != nil {
		return d.target, nil, d.target
	}
	u, err := first.uri()
	if err != nil {
		return d.target, nil, d.target
	}
	if u.params.has("lr") {
		return d.target, d.routes, first.text
	}
	u.headers = ""
	rest := append(slices.Clone(d.routes[1:]), "<"+d.target+">")
	return u.String(), rest, first.text
}

// establish fills the UAC side from a response: the tag, the target and,
// reversed, the route set. RFC 3261 §12.1.2. A 2xx without Contact leaves the
// request URI as the target.
func (d *dialog) establish(m *message, requestURI string) {
	d.remoteTag = m.toTag()
	d.target = requestURI
	if c := m.contact(); c != "" {
		d.target = c
	}
	d.routes = m.all("Record-Route")
	slices.Reverse(d.routes)
	if len(d.routes) > 16 {
		d.routes = d.routes[:16]
	}
}

// refresh takes a new remote target from a request or a 2xx in the dialog,
// RFC 3261 §12.2. It tells whether it changed.
func (d *dialog) refresh(m *message) bool {
	c := m.contact()
	if c == "" || c == d.target {
		return false
	}
	d.target = c
	return true
}

// request builds a request in the dialog. The ACK of a 2xx carries the number
// of its INVITE, all others their own.
func (d *dialog) request(f flow, method string, seq uint32, branch, agent string, extra []field, contentType string, body []byte) []byte {
	uri, routes, _ := d.way()
	t := startRequest(method, uri)
	t.add("Via", via(f, branch))
	t.addAll("Route", routes)
	t.add("Max-Forwards", "70")
	t.add("From", d.local).add("To", d.to()).add("Call-ID", d.callID)
	t.add("CSeq", fmt.Sprintf("%d %s", seq, method))
	t.addFields(extra)
	t.add("User-Agent", agent)
	return t.end(contentType, body)
}

// reach finds the flow to the dialog's next hop. A hop that cannot be
// resolved (".invalid" of a browser, a private name) is reached where the
// dialog was made.
func (d *dialog) reach(ctx context.Context, w *wire) (flow, error) {
	_, _, hop := d.way()
	if hop == d.targetFlow && d.flow.valid() && d.flow.network == "udp" {
		return d.flow, nil
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	f, err := w.reach(ctx, hop)
	if err != nil {
		if d.flow.valid() {
			return w.flowTo(ctx, d.flow.network, d.flow.remote)
		}
		return flow{}, err
	}
	d.flow, d.targetFlow = f, hop
	return f, nil
}

// reach finds the flow to a URI.
func (w *wire) reach(ctx context.Context, target string) (flow, error) {
	u, err := parseURI(target)
	if err != nil {
		return flow{}, err
	}
	if strings.HasSuffix(strings.ToLower(u.host), ".invalid") {
		return flow{}, fmt.Errorf("no address for host %q", u.host)
	}
	network, list, err := w.resolve(ctx, u)
	if err != nil {
		return flow{}, err
	}
	for _, remote := range list {
		f, e := w.flowTo(ctx, network, remote)
		if e == nil {
			return f, nil
		}
		err = e
	}
	return flow{}, err
}
