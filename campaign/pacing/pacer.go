package pacing

import "github.com/freiton/freiton/campaign"

// Pacer is a campaign.Pacer for several campaigns: it keeps what each has
// taught, and the model worked out of it.
type Pacer struct {
	cfg   Config
	camps map[string]*paced
}

type paced struct {
	stats *Stats
	model *Model
	seen  float64 // statistics when the model was worked out
	news  float64 // events since the beginning

	advised   *need   // what advice goes by
	advisedAt float64 // and when it was worked out
}

// New makes a pacer that knows nothing yet.
func New(cfg Config) *Pacer {
	return &Pacer{cfg: cfg.complete(), camps: map[string]*paced{}}
}

func (p *Pacer) of(name string) *paced {
	c := p.camps[name]
	if c == nil {
		c = &paced{stats: &Stats{}}
		p.camps[name] = c
	}
	return c
}

// Observe learns from what happened.
func (p *Pacer) Observe(e campaign.PacingEvent) {
	c := p.of(e.Campaign)
	c.stats.Learn(e, p.cfg.Limit)
	if e.Kind != campaign.PacingDialled {
		c.news++
	}
}

// Dials says how many calls may begin now.
func (p *Pacer) Dials(s campaign.PacingState) (int, *campaign.Reason) {
	var d Decision
	switch s.Mode {
	case campaign.ModePredictive:
		c := p.of(s.Campaign)
		d = Predictive(s, c.stats, p.model(c, s), p.cfg)
		c.stats.Closed = d.Closed
	case campaign.ModePreview:
		d = Preview(s)
	default: // in push preview too a free agent is given one record
		d = Progressive(s)
	}
	return d.Dials, d.Why
}

// stale reports that enough has been learned since for a new look.
func (c *paced) stale(seen float64) bool { return c.news-seen > min(max(5, seen/20), 200) }

// AtRisk implements campaign.RiskAssessor.
func (p *Pacer) AtRisk(s campaign.PacingState) int {
	return AtRisk(s, p.model(p.of(s.Campaign), s))
}

// model works the model out anew when enough has been learned since.
func (p *Pacer) model(c *paced, s campaign.PacingState) *Model {
	if c.model == nil || c.stale(c.seen) {
		c.model, c.seen = NewModel(c.stats, s.Agents, p.cfg.Grace.Seconds()), c.news
	}
	c.model.rate = c.stats.Answers.rate()
	return c.model
}

// Stats gives what a campaign has taught, to be saved.
func (p *Pacer) Stats(name string) Stats { return p.of(name).stats.clone() }

// Restore sets what a campaign has taught, as it was saved.
func (p *Pacer) Restore(name string, s Stats) {
	c := s.clone()
	c.Answers.Open = nil // those calls ended unseen
	p.camps[name] = &paced{stats: &c}
}
