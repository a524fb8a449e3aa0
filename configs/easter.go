package configs

import "time"

// easter is Easter Sunday of a year of the Gregorian calendar, by the
// "anonymous" algorithm (Butcher, The Ecclesiastical Calendar, 1876; in this
// form Meeus, Astronomical Algorithms, 2nd ed., chapter 8). It has no
// exceptions and no range.
func easter(year int) time.Time {
	a := year % 19                    // place in the cycle of the moon
	b, c := year/100, year%100        // century, year in it
	d, e := b/4, b%4                  // leap centuries
	g := (b - (b+8)/25 + 1) / 3       // correction of the moon's cycle
	h := (19*a + b - d - g + 15) % 30 // days from 21 March to the paschal full moon
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7 // days from there to the Sunday
	m := (a + 11*h + 22*l) / 451
	n := h + l - 7*m + 114
	return time.Date(year, time.Month(n/31), n%31+1, 0, 0, 0, 0, time.UTC)
}
