package sim

import "time"

// Worlds are the sets of the benchmark PB-1, in its order.
func Worlds() []World {
	base := func(name string, live, machine, failed float64, talk time.Duration, cv float64, wrap time.Duration) World {
		return World{
			Name: name, Live: live, Machine: machine, Failed: failed,
			Talk: Spread{talk, cv}, Wrap: Spread{wrap, 0.6},
			Ring: Ring{9 * time.Second, 3, 25 * time.Second}, Setup: 2 * time.Second, Grace: 2 * time.Second,
		}
	}
	s1 := base("S1", .25, .35, .10, 150*time.Second, 1.0, 30*time.Second)
	s5 := s1
	s5.Name = "S5"
	s5.LiveByHour = []float64{.25, .40, .15, .28}
	s5.Breaks = Breaks{Every: time.Hour, Shortest: 5 * time.Minute, Longest: 15 * time.Minute}
	return []World{
		s1,
		base("S2", .15, .40, .15, 45*time.Second, 1.2, 15*time.Second),
		base("S3", .08, .50, .12, 180*time.Second, 1.0, 40*time.Second),
		base("S4", .45, .25, .05, 300*time.Second, 0.8, 60*time.Second),
		s5,
		{
			Name: "M1", Live: .25, Memoryless: true,
			Talk: Spread{Mean: 180 * time.Second}, Ring: Ring{Mean: 14 * time.Second, Shape: 1, Timeout: longest},
		},
	}
}

// Named finds a set of the benchmark.
func Named(name string) (World, bool) {
	for _, w := range Worlds() {
		if w.Name == name {
			return w, true
		}
	}
	return World{}, false
}
