package media

import "sync/atomic"

func storeSink(p *atomic.Pointer[sinkBox], sink Sink) {
	if sink == nil {
		p.Store(nil)
		return
	}
	p.Store(&sinkBox{sink})
}

// clearSink takes sink away if it is still the one.
func clearSink(p *atomic.Pointer[sinkBox], sink Sink) {
	if box := p.Load(); box != nil && box.Sink == sink {
		p.CompareAndSwap(box, nil)
	}
}
