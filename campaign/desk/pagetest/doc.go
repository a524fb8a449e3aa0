// Package pagetest drives the desktop's page in a real Chromium, as somebody
// meets it who knows roles and accessible names only: what is found is found in
// the accessibility tree, what is pressed is pressed where it is on the screen.
// It is for tests, of the page alone and of the whole program; nothing else
// imports it, and it imports nothing of the program.
//
// Begin reading at Open, then at Tab.Find.
package pagetest
