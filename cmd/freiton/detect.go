package main

import (
	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/line"
	"github.com/freiton/freiton/media"
	"github.com/freiton/freiton/media/detect"
)

// heardOf is what a finding is to a campaign; "": nothing. That a person speaks
// is nothing new.
func heardOf(k detect.Kind) campaign.Heard {
	switch k {
	case detect.InvalidNumber:
		return campaign.HeardInvalid
	case detect.NoCircuit, detect.Congestion:
		return campaign.HeardNoCircuit
	case detect.Busy:
		return campaign.HeardBusy
	case detect.Fax:
		return campaign.HeardFax
	case detect.Machine:
		return campaign.HeardMachine
	case detect.Beep:
		return campaign.HeardBeep
	case detect.Silence:
		return campaign.HeardSilence
	}
	return ""
}

// detector listens to one call for what its campaign wants to know.
func detector(d campaign.Detection, tell func(campaign.Heard)) line.Detector {
	return detect.New(detect.Config{Contact: media.BtoA, Machine: d.Machine, Found: func(f detect.Finding) {
		if h := heardOf(f.Kind); h != "" && (d.Tones || f.Kind > detect.Fax) {
			tell(h)
		}
	}})
}
