//go:build cgo

package device

/*
#cgo LDFLAGS: -ldl -lpthread
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>

static void ignore(const char *file, int line, const char *function, int err, const char *format, ...) {
	(void)file; (void)line; (void)function; (void)err; (void)format;
}

typedef void (*handler)(const char *, int, const char *, int, const char *, ...);

static void hush_once(void) {
	// Read by libpulse before it says its first word; a choice made already stands.
	// Set here and not by the language, so that programs we start do not get it.
	setenv("PULSE_LOG_SYSLOG", "1", 0);
	// Stays loaded, or the handler would be forgotten with it.
	void *alsa = dlopen("libasound.so.2", RTLD_NOW);
	if (alsa == NULL) return;
	int (*set)(handler) = (int (*)(handler))dlsym(alsa, "snd_lib_error_set_handler");
	if (set != NULL) set(ignore);
}

static void hush(void) {
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, hush_once);
}
*/
import "C"

// hush keeps libpulse and libasound from writing to stderr: what they know is in
// the errors they return.
func hush() { C.hush() }
