package escalation

// enumName names a value of an enumeration; what is beyond it is marked so that
// a record written by a newer version is still readable.
func enumName[T ~uint8](names []string, v T) string {
	if int(v) >= len(names) {
		return "unknown?"
	}
	return names[v]
}

// enumParse is the inverse of enumName; the empty name is no value.
func enumParse[T ~uint8](names []string, s string) (T, bool) {
	for i, n := range names {
		if n == s && n != "" {
			return T(i), true
		}
	}
	return 0, false
}
