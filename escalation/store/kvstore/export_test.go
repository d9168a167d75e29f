package kvstore

// Seal makes a value of a payload.
func Seal(payload []byte) []byte { return seal(valueWhole, payload) }
