package configs

// emergency lists numbers that no machine may ever dial, whatever is allowed:
// those of the countries we have profiles for, and those every mobile phone
// knows (3GPP TS 22.101 §10.1.1).
func emergency() []string {
	return []string{"110", "112", "116117", "911", "988", "999", "000", "08", "118", "119"}
}
