package policy

// derive fills what the machine reads on its hot path and what follows from the
// rest of the policy: Compile calls it once, last.
func (p *Policy) derive() {
	p.Uses = 0
	note := func(a *Anchor) {
		if a == nil {
			return
		}
		for _, t := range a.Terms {
			p.Uses |= 1 << t.Kind
		}
	}
	for i := range p.Deadlines {
		note(&p.Deadlines[i].At)
	}
	for i := range p.Tracks {
		t := &p.Tracks[i]
		t.Anchored, t.Informs = 0, len(t.Tiers) > 0
		for j := range t.Tiers {
			tier := &t.Tiers[j]
			note(tier.At)
			if tier.At != nil {
				t.Anchored |= 1 << j
			}
			if tier.Ack != (AckNeed{}) {
				t.Informs = false
			}
		}
		t.OnExhausted = len(t.Tiers) > 0 && t.Tiers[0].At != nil && t.Tiers[0].At.On(AnchorExhausted)
	}
	for i := range p.Actions {
		note(p.Actions[i].At)
	}
	for i := range p.Gates {
		note(p.Gates[i].Close)
		note(p.Gates[i].OpenAt)
	}
	for i := range p.Reviews {
		note(p.Reviews[i].At)
	}
}
